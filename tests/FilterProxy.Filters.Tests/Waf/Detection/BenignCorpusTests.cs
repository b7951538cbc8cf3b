using FilterProxy.Filters.Waf.Detection;
using Xunit;
using Xunit.Abstractions;

namespace FilterProxy.Filters.Tests.Waf.Detection;

/// <summary>How often what people write is taken for an attack; the README of the filter states these numbers.</summary>
public sealed class BenignCorpusTests(ITestOutputHelper output)
{
    // In a thousand, over text no rule was tuned on.
    private const double MostSql = 1.0;
    private const double MostXss = 1.0;

    [Fact]
    public void The_corpus_is_large_and_varied() => Assert.True(BenignCorpus.Make().Select(text => text.Value).Distinct().Count() >= 5000);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Hardly_anything_people_write_is_taken_for_SQL(bool transformed) =>
        Check(transformed, MostSql, text => SqlDetector.IsInjection(text, default, out _));

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Hardly_anything_people_write_is_taken_for_script(bool transformed) => Check(transformed, MostXss, text => XssDetector.IsInjection(text));

    private void Check(bool transformed, double most, Func<byte[], bool> isInjection)
    {
        var taken = BenignCorpus.Make().Where(text => isInjection(transformed ? BenignCorpus.Transformed(text.Value) : BenignCorpus.Bytes(text.Value))).ToList();
        var rate = taken.Count * 1000.0 / BenignCorpus.Count;
        output.WriteLine($"seed {BenignCorpus.Seed}: {taken.Count} of {BenignCorpus.Count} ({rate:0.00} in a thousand)");
        foreach (var (kind, value) in taken)
        {
            output.WriteLine($"{kind}: {value}");
        }

        Assert.True(rate <= most, $"{rate:0.00} in a thousand:\n{string.Join('\n', taken.Take(20))}");
    }
}
