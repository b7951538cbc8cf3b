using System.Globalization;
using FilterProxy.Tests;

namespace FilterProxy.Filters.Tests.Waf;

/// <summary>Which harmless requests libmodsecurity refuses with the same rules, by their number: what the rule set takes for an attack, whoever runs it.</summary>
internal static class RefusedRequests
{
    private const string Path = "tests/FilterProxy.Filters.Tests/Waf/RefusedByLibModSecurity.txt";

    /// <summary>The numbers noted for a corpus.</summary>
    public static HashSet<int> Of(string corpus) =>
        [.. File.ReadLines(Repository.PathOf(Path)).First(line => line.StartsWith(corpus + ":", StringComparison.Ordinal))[(corpus.Length + 1)..]
            .Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(number => int.Parse(number, CultureInfo.InvariantCulture))];

    public static void Write(IEnumerable<(string Corpus, IReadOnlyList<int> Numbers)> refused) => File.WriteAllLines(
        Repository.PathOf(Path),
        refused.Select(item => $"{item.Corpus}: {string.Join(' ', item.Numbers)}").Prepend("# Written by BenignRequestTests with FILTERPROXY_WRITE_WAF_REFUSED=1."));
}
