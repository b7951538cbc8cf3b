using FilterProxy.Filters.AccessLog;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.Filters.Tests.AccessLog;

public sealed class MaskingTests
{
    private const string Secret = "s3cr3t";

    // All that prints something a client or an upstream sent, asked for by name.
    private const string Everything = "%PATH% %PATH(WQ:ORIG)% %REQ(:PATH)% %QUERY% %REQ(authorization)% %REQ(proxy-authorization)% %REQ(cookie)% "
        + "%REQ(x-api-key)% %REQ(x-auth-token)% %REQ(x-csrf-token?authorization)% %REQ(referer)% %RESP(set-cookie)% %RESP(location)% "
        + "%TRAILER(x-access-token)% %COOKIE(session)% %QUERY_PARAM(access_token)% %QUERY_PARAM(code)% %REQUEST_HEADER(X-Amz-Security-Token)% "
        + "%RESPONSE_HEADER(x-session-id)% %REQ(authorization):4%";

    [Theory]
    [InlineData(AccessLogFormat.Text, false)]
    [InlineData(AccessLogFormat.Text, true)]
    [InlineData(AccessLogFormat.Json, false)]
    [InlineData(AccessLogFormat.Json, true)]
    public void No_secret_is_written_by_default(AccessLogFormat format, bool asked)
    {
        using var exchange = Exchange();
        var line = Write(format, asked ? Everything : null, new MaskOptions(), exchange);
        Assert.DoesNotContain(Secret, line, StringComparison.Ordinal);
        Assert.DoesNotContain("Bear", line, StringComparison.Ordinal);
        Assert.Contains("access_token=***", line, StringComparison.Ordinal);
        Assert.Contains("page=2", line, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("token")]
    [InlineData("ACCESS_TOKEN")]
    [InlineData("id_token")]
    [InlineData("password")]
    [InlineData("user[password]")]
    [InlineData("pwd")]
    [InlineData("code")]
    [InlineData("client_secret")]
    [InlineData("api_key")]
    [InlineData("sig")]
    [InlineData("X-Amz-Signature")]
    [InlineData("SAMLResponse")]
    [InlineData("p%61ssword")]
    public void A_query_parameter_named_like_a_secret_is_masked(string name)
    {
        using var exchange = TestExchange.Get($"/?a=1&{name}={Secret}&b=2");
        Assert.Equal($"/?a=1&{name}=***&b=2\n", Write(AccessLogFormat.Text, "%PATH%", new MaskOptions(), exchange));
    }

    [Theory]
    [InlineData("page")]
    [InlineData("postcode")]
    [InlineData("keyword")]
    [InlineData("q")]
    public void Other_query_parameters_are_not(string name)
    {
        using var exchange = TestExchange.Get($"/?{name}=visible");
        Assert.Equal($"/?{name}=visible\n", Write(AccessLogFormat.Text, "%PATH%", new MaskOptions(), exchange));
    }

    [Fact]
    public void A_list_of_one_s_own_replaces_the_default()
    {
        using var exchange = TestExchange.Get("/?code=1&mine=2").WithHeader("x-api-key", "k").WithHeader("x-mine", "m").WithHeader("cookie", "theme=dark; mine=c");
        var mask = new MaskOptions { Headers = ["x-mine"], Query = ["mine"], Cookies = ["mine"] };
        Assert.Equal(
            "/?code=1&mine=*** k *** dark ***\n",
            Write(AccessLogFormat.Text, "%PATH% %REQ(x-api-key)% %REQ(x-mine)% %COOKIE(theme)% %COOKIE(mine)%", mask, exchange));
    }

    private static string Write(AccessLogFormat format, string? template, MaskOptions mask, TestExchange exchange)
    {
        var line = new LineBuffer();
        var own = template is null ? null : Template.Parse(template);
        ILineFormat lines = format == AccessLogFormat.Text
            ? new TextLineFormat(own, mask.ToMask())
            : new JsonLineFormat(own is null ? new() : new Dictionary<string, Template> { ["all"] = own }, true, mask.ToMask());
        lines.Write(exchange, line);
        return System.Text.Encoding.ASCII.GetString(line.Written);
    }

    private static TestExchange Exchange()
    {
        var exchange = TestExchange.Get($"/cb?page=2&access_token={Secret}&code={Secret}")
            .WithHeader("authorization", $"Bearer {Secret}").WithHeader("proxy-authorization", $"Basic {Secret}")
            .WithHeader("cookie", $"session={Secret}").WithHeader("x-api-key", Secret).WithHeader("x-auth-token", Secret)
            .WithHeader("x-amz-security-token", Secret).WithHeader("referer", $"https://u:{Secret}@a/?token={Secret}")
            .WithResponse(302, "", ("set-cookie", $"session={Secret}"), ("location", $"/next?code={Secret}#id_token={Secret}"), ("x-session-id", Secret));
        exchange.Response.Trailers.Append("x-access-token", Secret);
        return exchange;
    }
}
