namespace FilterProxy.Filters.Waf.Operators;

/// <summary>What a rule asks of a value.</summary>
internal abstract class Operator
{
    /// <summary>
    /// Texts in lower case one of which must be in a value that matches, or null: the engine looks for those of all rules in one pass and asks only
    /// operators of which one was found.
    /// </summary>
    public virtual IReadOnlyCollection<string>? RequiredLiterals => null;

    /// <param name="text">The value after its transformations, bytes as Latin-1.</param>
    /// <param name="run">What macros refer to, and where groups go.</param>
    /// <exception cref="System.Text.RegularExpressions.RegexMatchTimeoutException">It took too long.</exception>
    public abstract bool Matches(string text, OperatorRun run);
}
