using System.Text.RegularExpressions;
using FilterProxy.Filters.Waf.Patterns;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.Filters.Tests.Waf.Patterns;

public sealed class ByteMatcherTests
{
    [Theory]
    [InlineData(@"^\w+$", "caf\u00e9", false)]
    [InlineData(@"\bf\b", "\u00e9f\u00e9", true)]
    [InlineData(@"^\s$", "\u00a0", false)]
    [InlineData(@"^\h$", "\u00a0", true)]
    [InlineData(@"[\x80-\xff]", "\u0090", true)]
    [InlineData(@"^[^\x00-\x7f]$", "\u00e9", true)]
    [InlineData(@"^[\x7e-\x82]+$", "~\u007f\u0080\u0081\u0082", true)]
    [InlineData("a.b", "a\nb", true)]
    [InlineData("a$", "a\n", false)]
    [InlineData("(?m)a$", "a\nb", true)]
    [InlineData("^[[:alpha:]_]+$", "aZ_", true)]
    [InlineData("^[[:^digit:]]$", "5", false)]
    [InlineData("a++b", "aaab", true)]
    [InlineData("a++ab", "aaab", false)]
    [InlineData("^(?:a|ab)*+c", "abc", false)]
    [InlineData("x{2}+", "xx", true)]
    [InlineData("^a{,2}$", "a{,2}", true)]
    [InlineData(@"^\Qa.b\E$", "a.b", true)]
    [InlineData(@"^\x{41}\101\cA$", "AA\u0001", true)]
    [InlineData("(?i)STRASSE", "strasse", true)]
    [InlineData("(?i:A)B", "aB", true)]
    [InlineData("(?i:A)B", "ab", false)]
    [InlineData(@"(\d)\1", "1211", true)]
    [InlineData("(?P<x>a)b", "ab", true)]
    [InlineData(@"^[\w.-]+$", "a-b.c", true)]
    [InlineData("^[]a]+$", "]a", true)]
    [InlineData(@"^[a\]b]$", "]", true)]
    [InlineData("^[a-z-[aeiou]]$", "e]", true)]
    [InlineData(@"(?x) a \  b # comment", "a b", true)]
    [InlineData(@"\_\-\/", "_-/", true)]
    [InlineData(@"^\R$", "\r\n", true)]
    [InlineData("(?<!a)b", "cb", true)]
    [InlineData("", "", true)]
    [InlineData("a||b", "", true)]
    [InlineData("(?i)[^k]", "K", false)]
    public void Expressions_mean_what_they_mean_to_PCRE(string pattern, string text, bool expected) =>
        Assert.Equal(expected, ByteMatcher.Create(pattern).IsMatch(text));

    [Theory]
    [InlineData("(a")]
    [InlineData("a)")]
    [InlineData("[a")]
    [InlineData("*a")]
    [InlineData("[b-a]")]
    [InlineData("a{3,2}")]
    [InlineData("(?R)")]
    [InlineData(@"\p{L}")]
    [InlineData(@"\x{263a}")]
    [InlineData("(*VERB)")]
    [InlineData(@"a\")]
    [InlineData("(?<n")]
    [InlineData(@"(a)\2")]
    public void What_is_no_expression_is_refused(string pattern) => Assert.ThrowsAny<ArgumentException>(() => ByteMatcher.Create(pattern));

    [Fact]
    public void Deep_nesting_is_refused_before_the_stack_ends() =>
        Assert.Throws<ArgumentException>(() => ByteMatcher.Create(new string('(', 100_000)));

    [Theory]
    [InlineData("union.*select", "select union")]
    [InlineData("(?:alert|confirm|prompt)\\s*\\(", "alert confirm prompt")]
    [InlineData("(?i)ABC", "abc")]
    [InlineData("a(?:b|c)d", "abd acd")]
    [InlineData("x?yes", "xyes yes")]
    [InlineData("[\"']on", "\"on 'on")]
    [InlineData("foo(?=bar)", "foo")]
    [InlineData("\\d+", "")]
    [InlineData("(?:abc)*", "")]
    [InlineData("abc|\\d", "")]
    public void Literals_that_must_be_there_are_found(string pattern, string expected)
    {
        var literals = ByteMatcher.Create(pattern).Literals ?? [];
        if (pattern == "union.*select")
        {
            // Either will do.
            Assert.Contains(Assert.Single(literals), expected.Split(' '));
            return;
        }

        Assert.Equal(expected, string.Join(' ', literals.Order(StringComparer.Ordinal)));
    }

    [Fact]
    public void A_match_always_holds_one_of_the_literals()
    {
        const int Seed = 20260101;
        var random = new Random(Seed);
        string[] atoms = ["a", "b", "ab", "[ab]", "[^a]", ".", "c", "(?i:A)", "\\w", "(?:ab|c)", "(a|b)"];
        string[] quantifiers = ["", "", "", "*", "+", "?", "{2}", "{0,2}"];
        for (var round = 0; round < 150; round++)
        {
            var pattern = string.Concat(Enumerable.Range(0, random.Next(1, 6)).Select(_ =>
                (random.Next(6) == 0 ? "|" : "") + atoms[random.Next(atoms.Length)] + quantifiers[random.Next(quantifiers.Length)]));
            var matcher = ByteMatcher.Create(pattern);
            var text = string.Concat(Enumerable.Range(0, random.Next(12)).Select(_ => "abcABd"[random.Next(6)]));
            if (matcher.Literals is { } literals && matcher.IsMatch(text))
            {
                Assert.True(literals.Any(literal => text.Contains(literal, StringComparison.OrdinalIgnoreCase)), $"seed {Seed}: {pattern} matches '{text}'");
            }
        }
    }

    [Theory]
    [InlineData("^(a+)+$")]
    [InlineData("(?:a|aa)+$")]
    [InlineData("(?i)(?:x+x+)+y")]
    public void An_expression_without_look_around_is_linear(string pattern)
    {
        var matcher = ByteMatcher.Create(pattern);
        Assert.True(matcher.IsLinear);
        Assert.False(matcher.IsMatch(new string('a', 50_000) + "!"));
    }

    [Theory]
    [InlineData("(?:a++)+b", 'a')]
    [InlineData("['\"]\\s*?[^?\\w\\s]++\\s*?['\"]*?\\s*?\\w+\\W+\\w", '\'')]
    public void A_possessive_quantifier_that_takes_too_long_gives_back_instead(string pattern, char busy)
    {
        var matcher = ByteMatcher.Create(pattern);
        Assert.True(matcher.IsLinear);
        Assert.False(matcher.IsMatch(new string(busy, 30_000) + "!"));
    }

    [Fact]
    public async Task One_that_is_asked_often_is_compiled_and_means_the_same()
    {
        var matcher = ByteMatcher.Create("(?i)un\\w+\\s+select");
        for (var i = 0; i < 1000; i++)
        {
            Assert.True(matcher.IsMatch("1 UNION select") && !matcher.IsMatch("selected"));
        }

        await Poll.UntilAsync(() => matcher.IsCompiled);
        Assert.True(matcher.IsMatch("1 UNION select") && !matcher.IsMatch("selected"));
    }

    [Theory]
    [InlineData("union", RegexOptions.None, "the union of", true)]
    [InlineData("union", RegexOptions.None, "the UNION of", false)]
    [InlineData("__utm", RegexOptions.IgnoreCase, "__UTMA", true)]
    [InlineData("a.b", RegexOptions.IgnoreCase, "axb", true)]
    public void Texts_without_signs_are_searched_for(string pattern, RegexOptions options, string text, bool expected) =>
        Assert.Equal(expected, ByteMatcher.Create(pattern, options).IsMatch(text));

    [Fact]
    public void One_that_backtracks_is_given_up_in_time() =>
        Assert.Throws<RegexMatchTimeoutException>(() => ByteMatcher.Create("^(?=(a+)+b)(a+)+$").IsMatch(new string('a', 200) + "!"));
}
