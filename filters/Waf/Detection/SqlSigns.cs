namespace FilterProxy.Filters.Waf.Detection;

/// <summary>The signs of SQL: brackets, operators and comparisons of one to three bytes.</summary>
internal static class SqlSigns
{
    public static (SqlKind Kind, SqlRole Role, int Length) Find(ReadOnlySpan<byte> input, bool isMySql)
    {
        var next = input.Length > 1 ? input[1] : (byte)0;
        var third = input.Length > 2 ? input[2] : (byte)0;
        return input[0] switch
        {
            (byte)'(' => (SqlKind.Open, SqlRole.None, 1),
            (byte)')' => (SqlKind.Close, SqlRole.None, 1),
            (byte)'{' => (SqlKind.Open, SqlRole.Brace, 1),
            (byte)'}' => (SqlKind.Close, SqlRole.Brace, 1),
            (byte)',' => (SqlKind.Comma, SqlRole.None, 1),
            (byte)';' => (SqlKind.Semicolon, SqlRole.None, 1),

            // \N is NULL to MySQL.
            (byte)'\\' when (next | 0x20) == 'n' && isMySql && !SqlText.IsLetter(third) => (SqlKind.Constant, SqlRole.None, 2),
            (byte)'\\' => (SqlKind.Backslash, SqlRole.None, 1),
            (byte)'=' => (SqlKind.Compare, SqlRole.Symbol, next == '=' ? 2 : 1),
            (byte)'<' when next == '<' => (SqlKind.Operator, SqlRole.None, 2),
            (byte)'<' when next == '=' => (SqlKind.Compare, SqlRole.Symbol, third == '>' ? 3 : 2),
            (byte)'<' => (SqlKind.Compare, SqlRole.Symbol, next == '>' ? 2 : 1),
            (byte)'>' when next == '>' => (SqlKind.Operator, SqlRole.None, 2),
            (byte)'>' => (SqlKind.Compare, SqlRole.Symbol, next == '=' ? 2 : 1),
            (byte)'!' when next is (byte)'=' or (byte)'<' or (byte)'>' => (SqlKind.Compare, SqlRole.Symbol, 2),
            (byte)'!' when next == '~' => (SqlKind.Compare, SqlRole.Like, third == '*' ? 3 : 2),
            (byte)'!' => (SqlKind.Not, SqlRole.Exclamation, 1),
            (byte)'~' => (SqlKind.Not, SqlRole.Tilde, next == '*' ? 2 : 1),
            (byte)'|' or (byte)'&' => next == input[0] ? (SqlKind.Logical, SqlRole.None, 2) : (SqlKind.Operator, SqlRole.None, 1),
            (byte)'^' => next == '=' ? (SqlKind.Compare, SqlRole.Symbol, 2) : (SqlKind.Operator, SqlRole.None, 1),
            (byte)':' when next == ':' => (SqlKind.Cast, SqlRole.None, 2),
            (byte)':' when next == '=' => (SqlKind.Operator, SqlRole.None, 2),
            (byte)'-' when next == '>' => (SqlKind.Operator, SqlRole.None, third == '>' ? 3 : 2),
            (byte)'+' or (byte)'-' => (SqlKind.Operator, SqlRole.Sign, 1),
            (byte)'*' => (SqlKind.Operator, SqlRole.Star, 1),
            (byte)'/' or (byte)'%' or (byte)'#' => (SqlKind.Operator, SqlRole.None, 1),
            _ => (SqlKind.Other, SqlRole.None, 1),
        };
    }
}
