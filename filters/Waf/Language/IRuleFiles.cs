namespace FilterProxy.Filters.Waf.Language;

/// <summary>Where rule files come from.</summary>
internal interface IRuleFiles
{
    /// <summary>The bytes of a file as Latin-1.</summary>
    /// <exception cref="IOException">It cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be read.</exception>
    string Read(string path);

    /// <summary>The files of a folder whose name fits a pattern with <c>*</c> and <c>?</c>, in order.</summary>
    IReadOnlyList<string> Find(string folder, string pattern);
}
