using FilterProxy.Filters.Waf.Patterns;
using Xunit;

namespace FilterProxy.Filters.Tests.Waf.Patterns;

public sealed class LiteralSearchTests
{
    [Theory]
    [InlineData("ushers", 3, "she", "he", "hers")]
    [InlineData("HE", 1, "he")]
    [InlineData("x", 0, "he")]
    [InlineData("", 0, "he")]
    public void Every_text_is_found_wherever_it_overlaps(string text, int expected, params string[] texts)
    {
        var marks = new ulong[1];
        LiteralSearch.Create(texts.Select((item, owner) => (item, owner))).Mark(text, marks);
        Assert.Equal(expected, System.Numerics.BitOperations.PopCount(marks[0]));
    }

    [Fact]
    public void It_finds_what_a_plain_search_finds()
    {
        const int Seed = 4711;
        var random = new Random(Seed);
        for (var round = 0; round < 300; round++)
        {
            var texts = Enumerable.Range(0, 70).Select(_ => Word(random.Next(1, 5))).ToArray();
            var text = Word(random.Next(40));
            var marks = new ulong[2];
            LiteralSearch.Create(texts.Select((item, owner) => (item, owner))).Mark(text, marks);
            for (var i = 0; i < texts.Length; i++)
            {
                var found = (marks[i >> 6] & (1UL << (i & 63))) != 0;
                Assert.True(found == text.Contains(texts[i], StringComparison.OrdinalIgnoreCase), $"seed {Seed}: '{texts[i]}' in '{text}'");
            }
        }

        string Word(int length) => string.Concat(Enumerable.Range(0, length).Select(_ => "aAbB\u00e9"[random.Next(5)]));
    }

    [Fact]
    public void The_first_is_told_with_its_place()
    {
        Assert.True(LiteralSearch.Create([("def", 0), ("bcd", 0)]).TryFind("abcdef", out var start, out var length));
        Assert.Equal((1, 3), (start, length));
    }
}
