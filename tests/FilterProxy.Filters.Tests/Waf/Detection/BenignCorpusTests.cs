using FilterProxy.Filters.Waf.Detection;
using Xunit;
using Xunit.Abstractions;

namespace FilterProxy.Filters.Tests.Waf.Detection;

/// <summary>How often what people write is taken for an attack; the detectors' README states these numbers.</summary>
public sealed class BenignCorpusTests(ITestOutputHelper output)
{
    // In a thousand. Most of the first are formulas nobody sends, such as "8 && 99 < 99".
    private const double MostSqlTuned = 3.5;
    private const double MostSqlHeldOut = 1.0;
    private const double MostXss = 0.2;

    [Fact]
    public void The_corpora_are_large_and_varied() =>
        Assert.All([BenignCorpus.Tuned(), BenignCorpus.HeldOut()], texts => Assert.True(texts.Select(text => text.Value).Distinct().Count() >= 5000));

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Hardly_anything_people_write_is_taken_for_SQL(bool transformed)
    {
        Check(BenignCorpus.Tuned(), transformed, MostSqlTuned, IsSql);
        Check(BenignCorpus.HeldOut(), transformed, MostSqlHeldOut, IsSql);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Hardly_anything_people_write_is_taken_for_script(bool transformed)
    {
        Check(BenignCorpus.Tuned(), transformed, MostXss, XssDetector.IsInjection);
        Check(BenignCorpus.HeldOut(), transformed, MostXss, XssDetector.IsInjection);
    }

    private static bool IsSql(ReadOnlySpan<byte> text) => SqlDetector.IsInjection(text, default, out _);

    private void Check(IEnumerable<(string Kind, string Value)> texts, bool transformed, double most, Func<ReadOnlySpan<byte>, bool> isInjection)
    {
        var taken = texts.Where(text => isInjection(transformed ? BenignCorpus.Transformed(text.Value) : BenignCorpus.Bytes(text.Value))).ToList();
        var rate = taken.Count * 1000.0 / BenignCorpus.Count;
        output.WriteLine($"seed {BenignCorpus.Seed}: {taken.Count} of {BenignCorpus.Count} ({rate:0.00} in a thousand)");
        foreach (var (kind, value) in taken)
        {
            output.WriteLine($"{kind}: {value}");
        }

        Assert.True(rate <= most, $"{rate:0.00} in a thousand:\n{string.Join('\n', taken.Take(20))}");
    }
}
