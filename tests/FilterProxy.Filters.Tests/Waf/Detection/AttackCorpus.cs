namespace FilterProxy.Filters.Tests.Waf.Detection;

/// <summary>Attacks of our own wording, decoded, as an application would put them into a statement or a page.</summary>
internal static class AttackCorpus
{
    /// <summary>Each is put behind a number and behind a value that a quote ends.</summary>
    private static readonly string[] Conditions =
    [
        "or 1=1", "or 7>3", "and 5=6", "or 'q'='q'", "or \"q\"=\"q\"", "or 0x61=0x61", "or 2 like 2", "or 4 between 3 and 5", "or 6 in (6,7)",
        "or (1)=(1)", "or not 4=5", "xor 2=3", "|| 3=3", "&& 3=4",
        "or true", "and false", "or exists(select 1)", "and (select count(*) from accounts)>2",
        "and ascii(substr((select pass from accounts limit 1),1,1))>77", "and length(database())=5", "or sleep(4)", "and if(2>1,sleep(3),0)",
        "and 1=(select 1 from (select sleep(2))z)", "and benchmark(900000,sha1(1))", "and extractvalue(3,concat(0x5c,user()))",
        "or updatexml(3,concat(0x5c,version()),3)", "and case when 3=3 then 1 else 0 end", "and pg_sleep(3) is null",
        "and 9=cast(version() as int)", "rlike (select 8)", "= (select max(id) from accounts)", "union select 4,5,6",
        "union all select null,@@version,null", "union select login,pass from accounts", "union distinct select 3", "union(select 3,4)",
        "except select pass from accounts", "intersect select 3", "procedure analyse(1)", "having 3=3", "group by id having 3>2",
        "; drop table accounts", "; delete from accounts where 1=1", "; insert into accounts values(1,2)",
        "; update accounts set pass='z'", "; exec xp_cmdshell 'whoami'", "; exec master.dbo.xp_dirtree 'c:'", "; waitfor delay '0:0:4'",
        " waitfor delay '0:0:4'", "; declare @z int", "; truncate table accounts", "; alter table accounts add z int",
        "; create table z(a int)", "; select pg_sleep(4)", "; copy z from '/etc/hosts'", "; load data infile '/etc/hosts'",
        "into outfile '/tmp/z'", "and utl_inaddr.get_host_name('z')='z'", "or dbms_pipe.receive_message('z',4)=1",
        "and load_file('/etc/hosts') is not null", "or name like 'a%'", "or id is not null", "and @@version like '8%'",
    ];

    private static readonly string[] Prefixes =
    [
        "{0} {1}", "{0}) {1}", "{0})) {1}", "{0}\t{1}", "{0}\n{1}", "{0}/**/{1}", "{0}/*q*/{1}", "{0}\u00a0{1}",
    ];

    private static readonly Func<string, string>[] Disguises =
    [
        text => text,
        text => text.ToUpperInvariant(),
        text => string.Concat(text.Select((c, i) => i % 2 == 0 ? char.ToUpperInvariant(c) : char.ToLowerInvariant(c))),
        text => text.Replace(" ", "/**/", StringComparison.Ordinal),
        text => text.Replace(" ", "/* z */", StringComparison.Ordinal),
        text => text.Replace(" ", "\n", StringComparison.Ordinal),
        text => text.Replace(" ", "\t\v", StringComparison.Ordinal),
        text => text.Replace(" ", " --z\n", StringComparison.Ordinal),
        text => text.Replace(" ", "#z\n", StringComparison.Ordinal),
        text => text.StartsWith("union", StringComparison.Ordinal) ? "/*!50000union*/" + text[5..] : text,
        text => text.StartsWith("or ", StringComparison.Ordinal) ? "||" + text[3..] : text,
    ];

    private static readonly string[] Single =
    [
        "sam'--", "sam'#", "sam'/*", "sam')--", "sam' or 'z'='z", "sam' or 3=3 or 'z'='", "'='", "'-'", "'^'", "'+'", "'*'", "'&'", "'||'",
        "' or ''='", "sam' and '2'='2", "sam' or 2 like 2 or 'z'='z", "%' or '%'='", "sam' or true#",
        "sam'||(select pass from accounts limit 1)||'", "sam'+(select top 1 pass from accounts)+'", "sam'-sleep(2)-'", "sam' order by 7--",
        "sam' order by 7#", "sam' limit 1 -- -", "sam'; --", "z','z'); drop table accounts;--",
        "\\' or 3=3 -- ", "sam' or pass like '%a", "sam'||chr(90)||'", "sam' + char(90) + '", "1'or'1", "sam') or ('z'='z", "sam' and pass>'a",
        "sam' or (2)=(2)#", "sam' is null--", "'; shutdown--", "sam' union select 3 -- -",
        "sam'/**/or/**/3/**/like/**/3#", "sam' or 2=2 -- comment with words", "sam' and (select 4)=4 and 'z'='z", "sam' or id=2#",
    ];

    private static readonly string[] Bare =
    [
        "sleep(7)", "benchmark(70000,md5(1))", "(select 8)", "(select pass from accounts limit 1)=1", "(select*from(select(sleep(2)))z)",
        "if(3=3,sleep(2),1)", "case when 3=3 then 8 else 9 end", "1;drop table accounts", "8 order by 12", "8 order by 12--",
        "8-sleep(2)", "8*(select 8)", "8,(select version())", "-8 union select 8", "8e0union select 8", "8.union select 8", "8 or 8",
        "8 or true", "8--", "8) --", "or 3=3", "or 3=3--", "null union select 8", "id or 3=3", "id union select 8,9",
        "select * from accounts", "select pass from accounts where id=3", "substring(user() from 2 for 1)", "ascii(substr(database(),2,1))",
        "8 procedure analyse()", "8 limit 1 into outfile '/tmp/z'", "{z 8} or 3=3", "0x8 or 3=3", "8::int or 3=3",
        "@z or 3=3", "$$z$$ or $$z$$=$$z$$", "[id] or 3=3", "`id` or 3=3", "8 union values row(8)", "8;exec xp_cmdshell 'z'", "8 exec sp_who",
        "\"z\" or \"z\"=\"z\"", "'z' or 'z'='z'", "waitfor delay '0:0:7'", "declare @z int", "8 && 3=3", "8||3=3",
        "8/*!or*/3=3", "8/*!50000union*/select 8", "(8)or(3)=(3)", "8 or(3)in(3)", "extractvalue(8,concat(1,user()))",
        "8 and row(8,8)>(select 8,9)", "8 rlike sleep(2)", "8 or @@version", "8 or pi()", "8 or!0",
    ];

    public static IEnumerable<string> Sql()
    {
        foreach (var condition in Conditions)
        {
            var (n, leads) = (0, new[] { "8", "sam'", "sam\"", "'", "%'" });
            foreach (var disguise in Disguises)
            {
                var text = string.Format(null, Prefixes[n % Prefixes.Length], leads[n % leads.Length], disguise(condition));
                yield return n++ % 3 == 0 ? text + " -- -" : text;
            }
        }

        foreach (var text in Single)
        {
            yield return text;
            yield return text.Replace('\'', '"');
        }

        foreach (var text in Bare)
        {
            yield return text;
        }
    }

    public static IEnumerable<string> Xss() => ScriptAttacks.All;
}
