namespace FilterProxy.Filters.Waf.Detection;

/// <summary>The words of SQL and its dialects that the grammar knows, found without regard to ASCII case.</summary>
internal static class SqlWords
{
    private const int Slots = 2048;

    private static readonly (SqlKind Kind, SqlRole Role, string Words)[] Groups =
    [
        (SqlKind.Logical, SqlRole.And, "and"),
        (SqlKind.Logical, SqlRole.None, "or xor"),
        (SqlKind.Not, SqlRole.None, "not exists any some binary prior"),
        (SqlKind.Compare, SqlRole.Like, "like rlike ilike regexp glob similar sounds"),
        (SqlKind.Compare, SqlRole.In, "in"),
        (SqlKind.Compare, SqlRole.Is, "is"),
        (SqlKind.Compare, SqlRole.Between, "between"),
        (SqlKind.Operator, SqlRole.None, "div mod"),
        (SqlKind.Constant, SqlRole.None, "null true false unknown current_user current_date current_time current_timestamp session_user system_user"),
        (SqlKind.Set, SqlRole.None, "union except intersect minus"),

        (SqlKind.Clause, SqlRole.From, "from"),
        (SqlKind.Clause, SqlRole.Where, "where"),
        (SqlKind.Clause, SqlRole.Having, "having"),
        (SqlKind.Clause, SqlRole.Order, "order group"),
        (SqlKind.Clause, SqlRole.By, "by"),
        (SqlKind.Clause, SqlRole.Limit, "limit"),
        (SqlKind.Clause, SqlRole.Offset, "offset"),
        (SqlKind.Clause, SqlRole.Into, "into"),
        (SqlKind.Clause, SqlRole.File, "outfile dumpfile"),
        (SqlKind.Clause, SqlRole.As, "as"),
        (SqlKind.Clause, SqlRole.Sort, "asc desc"),
        (SqlKind.Clause, SqlRole.Case, "case"),
        (SqlKind.Clause, SqlRole.When, "when"),
        (SqlKind.Clause, SqlRole.Then, "then"),
        (SqlKind.Clause, SqlRole.Else, "else"),
        (SqlKind.Clause, SqlRole.EndCase, "end"),
        (SqlKind.Clause, SqlRole.For, "for"),
        (SqlKind.Clause, SqlRole.Join, "join"),
        (SqlKind.Clause, SqlRole.On, "on"),
        (SqlKind.Clause, SqlRole.Procedure, "procedure"),
        (SqlKind.Clause, SqlRole.Quantifier, "distinct distinctrow all sql_calc_found_rows"),
        (SqlKind.Clause, SqlRole.Top, "top"),
        (SqlKind.Clause, SqlRole.Values, "values"),
        (SqlKind.Clause, SqlRole.Table, "table"),
        (SqlKind.Clause, SqlRole.Object, "view index trigger login column tablespace"),
        (SqlKind.Clause, SqlRole.Delay, "delay time"),
        (SqlKind.Clause, SqlRole.Collate, "collate escape"),
        (SqlKind.Statement, SqlRole.SetWord, "set"),

        (SqlKind.Statement, SqlRole.Select, "select"),
        (SqlKind.Statement, SqlRole.Drop, "drop"),
        (SqlKind.Statement, SqlRole.Create, "create"),
        (SqlKind.Statement, SqlRole.Alter, "alter"),
        (SqlKind.Statement, SqlRole.Truncate, "truncate"),
        (SqlKind.Statement, SqlRole.Insert, "insert"),
        (SqlKind.Statement, SqlRole.Delete, "delete"),
        (SqlKind.Statement, SqlRole.Update, "update"),
        (SqlKind.Statement, SqlRole.Merge, "merge"),
        (SqlKind.Statement, SqlRole.Exec, "exec execute"),
        (SqlKind.Statement, SqlRole.Call, "call"),
        (SqlKind.Statement, SqlRole.Declare, "declare"),
        (SqlKind.Statement, SqlRole.Waitfor, "waitfor"),
        (SqlKind.Statement, SqlRole.Shutdown, "shutdown"),
        (SqlKind.Statement, SqlRole.Load, "load"),
        (SqlKind.Statement, SqlRole.Copy, "copy"),
        (SqlKind.Statement, SqlRole.Backup, "backup attach"),
        (SqlKind.Statement, SqlRole.Show, "show"),
        (SqlKind.Statement, SqlRole.Kill, "kill"),
        (SqlKind.Statement, SqlRole.Handler, "handler"),
        (SqlKind.Statement, SqlRole.Prepare, "prepare"),
        (SqlKind.Statement, SqlRole.Use, "use"),
        (SqlKind.Statement, SqlRole.Do, "do perform"),

        // What takes time, reads files, reaches out or makes an error of what it reads: no form field has a use for a call of these.
        (SqlKind.Function, SqlRole.Evil,
            "sleep benchmark pg_sleep pg_sleep_for pg_sleep_until dbms_lock.sleep dbms_session.sleep dbms_pipe.receive_message load_file"
            + " load_extension lo_import lo_export pg_read_file pg_read_binary_file pg_ls_dir dblink dblink_connect query_to_xml database_to_xml"
            + " extractvalue updatexml xmltype utl_http.request utl_inaddr.get_host_address utl_inaddr.get_host_name ctxsys.drithsx.sn"
            + " dbms_xmlgen.getxml dbms_ldap.init httpuritype openrowset opendatasource openquery xp_cmdshell xp_dirtree xp_fileexist xp_regread"
            + " name_const gtid_subset gtid_subtract randomblob sys_eval sys_exec get_lock is_srvrolemember fn_xe_file_target_read_file"),
        (SqlKind.Function, SqlRole.Info,
            "version user database schema db_name user_name suser_name suser_sname host_name connection_id last_insert_id current_database"
            + " current_schema current_setting pg_client_encoding inet_server_addr sqlite_version has_dbaccess object_id object_name sys_context"
            + " session_context found_rows row_count"),
        (SqlKind.Function, SqlRole.Slice, "substring substr mid substrb overlay position trim"),
        (SqlKind.Function, SqlRole.Extract,
            "ascii ord char chr nchar unicode hex unhex concat concat_ws group_concat string_agg listagg wm_concat to_base64 from_base64"
            + " char_length octet_length bit_length make_set elt find_in_set instr locate charindex patindex ifnull nullif nvl nvl2 coalesce"
            + " to_char to_number cast convert conv decode encode json_extract json_arrayagg json_keys xmlelement xmlagg exp polygon multipoint"
            + " geometrycollection linestring soundex stuff quote_literal array_to_string cast_to_raw aes_decrypt des_decrypt"),
        (SqlKind.Function, SqlRole.If, "if iif"),
        (SqlKind.Function, SqlRole.Replace, "replace"),
        (SqlKind.Function, SqlRole.General,
            "isnull length len lower upper left right lpad rpad repeat reverse space md5 sha1 sha2 password rand random floor ceil ceiling round"
            + " pi pow power sqrt abs sign least greatest count sum min max avg row lcase ucase strcmp field format bin oct now sysdate curdate"
            + " curtime getdate date_add date_sub datediff unix_timestamp uuid newid regexp_like regexp_substr regexp_replace translate"
            + " generate_series"),
    ];

    private static readonly byte[][] Texts = new byte[Slots][];
    private static readonly (SqlKind Kind, SqlRole Role)[] Meanings = new (SqlKind, SqlRole)[Slots];
    private static readonly int Longest = Fill();

    /// <returns>What the word is; a name where it is none of the known.</returns>
    public static (SqlKind Kind, SqlRole Role) Find(ReadOnlySpan<byte> word)
    {
        if (word.Length <= Longest)
        {
            for (var slot = Hash(word); Texts[slot] is { } text; slot = (slot + 1) % Slots)
            {
                if (Same(text, word))
                {
                    return Meanings[slot];
                }
            }
        }

        return (SqlKind.Name, SqlRole.None);
    }

    private static int Fill()
    {
        var longest = 0;
        foreach (var (kind, role, words) in Groups)
        {
            foreach (var word in words.Split(' '))
            {
                var text = System.Text.Encoding.ASCII.GetBytes(word);
                for (var i = 0; i < text.Length; i++)
                {
                    text[i] |= 0x20;
                }

                var slot = Hash(text);
                while (Texts[slot] is not null)
                {
                    slot = (slot + 1) % Slots;
                }

                (Texts[slot], Meanings[slot]) = (text, (kind, role));
                longest = Math.Max(longest, text.Length);
            }
        }

        return longest;
    }

    // Setting the bit folds the case of letters; what it does to other bytes it does on both sides, and no two words differ in those alone.
    private static bool Same(byte[] text, ReadOnlySpan<byte> word)
    {
        if (text.Length != word.Length)
        {
            return false;
        }

        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] != (word[i] | 0x20))
            {
                return false;
            }
        }

        return true;
    }

    private static int Hash(ReadOnlySpan<byte> word)
    {
        var hash = 2166136261u;
        foreach (var b in word)
        {
            hash = (hash ^ (b | 0x20u)) * 16777619u;
        }

        return (int)((hash ^ (hash >> 15)) % Slots);
    }
}
