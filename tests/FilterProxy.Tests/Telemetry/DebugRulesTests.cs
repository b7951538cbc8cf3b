using System.Security.Cryptography;
using System.Text;
using FilterProxy.Core.Telemetry.Tracing;
using Xunit;

namespace FilterProxy.Tests.Telemetry;

public sealed class DebugRulesTests
{
    private const string Key = "0123456789abcdef";
    private static readonly DateTimeOffset Now = DateTimeOffset.FromUnixTimeSeconds(1_700_000_000);
    private readonly DebugRules _rules = new("x-debug", Key, TimeSpan.FromMinutes(5));

    [Theory]
    [InlineData(0, true)]
    [InlineData(300, true)]
    [InlineData(-1, false)]
    [InlineData(301, false)]
    public void A_signature_holds_until_it_expires_and_not_for_longer_than_allowed(int seconds, bool holds) =>
        Assert.Equal(holds, Take(Sign(Now.ToUnixTimeSeconds() + seconds, Key)));

    [Fact]
    public void One_by_another_key_does_not_hold() => Assert.False(Take(Sign(Now.ToUnixTimeSeconds(), Key + "x")));

    [Theory]
    [InlineData("")]
    [InlineData(".")]
    [InlineData("1700000000")]
    [InlineData("1700000000.zz")]
    [InlineData("-1700000000.00")]
    [InlineData("99999999999999999999.00")]
    public void What_is_no_signature_does_not_hold(string value) => Assert.False(Take(value));

    [Fact]
    public void A_time_that_was_changed_does_not_hold()
    {
        var signed = Sign(Now.ToUnixTimeSeconds(), Key);

        Assert.False(Take("1700000001" + signed[10..]));
    }

    private static string Sign(long expires, string key) =>
        $"{expires}.{Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(key), Encoding.ASCII.GetBytes($"{expires}")))}";

    private bool Take(string value)
    {
        var headers = new HeaderMap(new HeadBlock());
        headers.Append("X-Debug", value);
        var holds = _rules.Take(headers, Now);

        Assert.Equal(0, headers.Count);
        return holds;
    }
}
