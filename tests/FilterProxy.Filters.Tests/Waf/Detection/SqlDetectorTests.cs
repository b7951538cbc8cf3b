using System.Text;
using FilterProxy.Filters.Waf.Detection;
using Xunit;

namespace FilterProxy.Filters.Tests.Waf.Detection;

public sealed class SqlDetectorTests
{
    [Theory]
    [InlineData("'z' or 3=3", "s&1=1")]
    [InlineData("sam' or 3=3", "s&1=1")]
    [InlineData("1+2*3 or 3=3", "1&1=1")]
    [InlineData("8 union select 9", "1UE1")]
    [InlineData("sam'))) and sleep(2)", "s)&f(1)")]
    [InlineData("8; drop table accounts", "1;EBn")]
    public void The_fingerprint_is_the_folded_tokens_that_gave_it_away(string input, string fingerprint)
    {
        Span<byte> letters = stackalloc byte[SqlDetector.FingerprintLength];
        Assert.True(SqlDetector.IsInjection(Encoding.UTF8.GetBytes(input), letters, out var length));
        Assert.Equal(fingerprint, Encoding.ASCII.GetString(letters[..length]));
    }

    [Fact]
    public void A_fingerprint_without_room_is_cut()
    {
        Span<byte> letters = stackalloc byte[3];
        Assert.True(SqlDetector.IsInjection("sam' or 3=3"u8, letters, out var length));
        Assert.Equal("s&1", Encoding.ASCII.GetString(letters[..length]));
        Assert.True(SqlDetector.IsInjection("sam' or 3=3"u8, default, out length));
        Assert.Equal(0, length);
    }

    [Fact]
    public void What_is_harmless_has_no_fingerprint()
    {
        Assert.False(SqlDetector.IsInjection("salt or pepper = both"u8, stackalloc byte[8], out var length));
        Assert.Equal(0, length);
    }

    [Theory]
    [InlineData("5 or 6 people")]
    [InlineData("the dogs' or cats")]
    [InlineData("the teachers' and 5 pupils")]
    [InlineData("rock 'n' roll")]
    [InlineData("James' house -- a nice one")]
    [InlineData("\"one\" or \"two\"")]
    [InlineData("x = 1 and y = 2")]
    [InlineData("select the best from the list")]
    [InlineData("Drop table reservations")]
    [InlineData("color (select one or more from the list)")]
    [InlineData("sleep (8 hours)")]
    [InlineData("await sleep(1000)")]
    [InlineData("union select committee")]
    [InlineData("split('=')")]
    [InlineData("join(' or ')")]
    [InlineData("color: '#a0b1c2'")]
    [InlineData("1; # keep it")]
    [InlineData("2010-01-01--2011-01-01 was a good year")]
    [InlineData("admin @ home, 24/7")]
    [InlineData("5 order by name then mail")]
    [InlineData("13 < 14 and 61 > 26")]
    [InlineData("Val-d'Or 16")]
    [InlineData("5' or 6")]
    public void Language_and_code_are_no_injection(string input) => Assert.False(IsInjection(input));

    [Theory]
    [InlineData("5 or 6=6", "5 or 6")]
    [InlineData("the dogs' or 'a'='a", "the dogs' or cats")]
    [InlineData("name or 1=1", "name or x=1")]
    [InlineData("sam'--", "sam -- went home")]
    [InlineData("sam\\' or 1=1--", "sam\\\\ or 1=1 is what he wrote")]
    [InlineData("8 order by 3", "8 order by phone")]
    [InlineData("8; drop table accounts", "eight; drop table after table")]
    [InlineData("8;(select sleep(2))", "8; show all")]
    [InlineData("if(3=3,2,1)", "if(a=3,2,1)")]
    [InlineData("sleep(8)", "asleep(8)")]
    [InlineData("8 union all select null", "8 union members select null")]
    [InlineData("8\u00a0or\u00a01=1", "8 à 1=1")]
    public void A_small_difference_makes_it_one(string attack, string harmless)
    {
        Assert.True(IsInjection(attack));
        Assert.False(IsInjection(harmless));
    }

    // After decoding, U+00A0 is one byte; in UTF-8 that byte is also the end of a letter.
    [Fact]
    public void A_hard_space_is_space_and_the_end_of_a_letter_is_not()
    {
        Assert.True(SqlDetector.IsInjection([.. "8"u8, 0xA0, .. "or"u8, 0xA0, .. "3=3"u8], default, out _));
        Assert.False(SqlDetector.IsInjection([.. "8 o"u8, 0xC3, 0xA0, .. "r 3=3"u8], default, out _));
    }

    [Fact]
    public void Every_class_of_attack_is_told()
    {
        var attacks = AttackCorpus.Sql().ToList();
        var missed = attacks.Where(attack => !IsInjection(attack)).ToList();

        Assert.True(attacks.Count > 700, $"{attacks.Count} attacks");
        Assert.True(missed.Count == 0, $"{missed.Count} of {attacks.Count} missed:\n{string.Join('\n', missed)}");
    }

    private static bool IsInjection(string input) =>
        SqlDetector.IsInjection(Encoding.UTF8.GetBytes(input), stackalloc byte[SqlDetector.FingerprintLength], out _);
}
