namespace FilterProxy.Filters.Waf.Operators;

/// <summary>What operators are made with.</summary>
/// <param name="ReadFile">Gives the text of a file named by a rule, as Latin-1.</param>
internal sealed record OperatorContext(Func<string, string> ReadFile);
