namespace FilterProxy.Filters.Waf.Detection;

/// <summary>Where in a statement the input is taken to stand, and whose reading of comments and escapes holds there.</summary>
/// <param name="Quote">The quote the statement opened before the input; zero for none.</param>
/// <param name="IsMySql">
/// As MySQL reads it: a backslash escapes, <c>#</c> and <c>-- </c> begin comments, <c>/*!</c> does not. Otherwise as the standard and its other
/// dialects do: a backslash is itself, <c>--</c> needs no space, <c>[name]</c>, <c>$tag$text$tag$</c>, <c>q'[text]'</c>.
/// </param>
internal readonly record struct SqlContext(byte Quote, bool IsMySql)
{
    public bool IsQuoted => Quote != 0;
}
