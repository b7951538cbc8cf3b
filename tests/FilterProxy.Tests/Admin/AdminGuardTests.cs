using System.Net;
using FilterProxy.Core.Config;
using FilterProxy.Host.Admin;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace FilterProxy.Tests.Admin;

/// <summary>Who is answered, by where it comes from; over real connections in the scenarios.</summary>
public sealed class AdminGuardTests
{
    private const string Token = "0123456789abcdef";

    [Theory]
    [InlineData("127.0.0.1", "GET", false, null)]
    [InlineData("::1", "GET", false, null)]
    [InlineData("::ffff:127.0.0.1", "HEAD", false, null)]
    [InlineData(null, "GET", false, null)]
    [InlineData("127.0.0.1", "POST", false, 401)]
    [InlineData("127.0.0.1", "POST", true, null)]
    [InlineData(null, "POST", false, 401)]
    [InlineData("192.0.2.7", "GET", false, 401)]
    [InlineData("::ffff:192.0.2.7", "GET", false, 401)]
    [InlineData("2001:db8::7", "GET", false, 401)]
    [InlineData("192.0.2.7", "GET", true, null)]
    [InlineData("192.0.2.7", "POST", true, null)]
    public void From_another_machine_everything_needs_the_token_from_this_one_every_change(string? from, string method, bool hasToken, int? refused) =>
        Assert.Equal(refused, AdminGuard.Judge(Ask(from, method, hasToken), new AdminConfig { Address = "127.0.0.1:9901", Token = Token })?.Status);

    [Fact]
    public void Without_a_configured_token_another_machine_reads_nothing() =>
        Assert.Equal("no_token_configured", AdminGuard.Judge(Ask("192.0.2.7", "GET", hasToken: true), new AdminConfig { Address = "127.0.0.1:9901" })?.Refusal.Error);

    private static DefaultHttpContext Ask(string? from, string method, bool hasToken)
    {
        var context = new DefaultHttpContext();
        context.Connection.RemoteIpAddress = from is null ? null : IPAddress.Parse(from);
        context.Request.Method = method;
        context.Request.Headers.Host = "localhost";
        if (hasToken)
        {
            context.Request.Headers.Authorization = $"Bearer {Token}";
        }

        return context;
    }
}
