using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.Tests.Abstractions;

public class TemplateMaskTests
{
    private static readonly TemplateMask Mask = new(["authorization", "*-key", "x-*"], ["*token*", "code", "pass*"], ["sid"]);

    [Theory]
    [InlineData("%REQ(Authorization)%", "***")]
    [InlineData("%REQ(api-key)%", "***")]
    [InlineData("%REQ(x-anything)%", "***")]
    [InlineData("%REQ(authorization):2%", "**")]
    [InlineData("%REQ(x-none)%", "-")]
    [InlineData("%REQ(x-none?authorization)%", "***")]
    [InlineData("%REQ(accept?authorization)%", "any")]
    [InlineData("%RESP(x-anything)%", "***")]
    [InlineData("%TRAILER(x-anything)%", "***")]
    [InlineData("%COOKIE(sid)%", "***")]
    [InlineData("%COOKIE(none)%", "-")]
    [InlineData("%COOKIE(theme)%", "dark")]
    [InlineData("%QUERY_PARAM(code)%", "***")]
    [InlineData("%QUERY_PARAM(a)%", "1")]
    [InlineData("%PATH%", "/p?a=1&code=***&b")]
    [InlineData("%PATH(NQ)%", "/p")]
    [InlineData("%PATH(WQ:ORIG)%", "/p?a=1&code=***&b")]
    [InlineData("%REQ(:PATH)%", "/p?a=1&code=***&b")]
    [InlineData("%QUERY%", "a=1&code=***&b")]
    [InlineData("%REQ(referer)%", "https://***@a/b?Access_Token=***#c")]
    [InlineData("%RESP(location)%", "/cb#id_token=***&state=1")]
    public void Hides_secrets_and_nothing_else(string template, string expected)
    {
        using var exchange = TestExchange.Get("/p?a=1&code=s3cr3t&b")
            .WithHeader("authorization", "Bearer s3cr3t").WithHeader("api-key", "s3cr3t").WithHeader("x-anything", "s3cr3t")
            .WithHeader("accept", "any").WithHeader("cookie", "sid=s3cr3t; theme=dark")
            .WithHeader("referer", "https://user:s3cr3t@a/b?Access_Token=s3cr3t#c")
            .WithResponse(200, "", ("x-anything", "s3cr3t"), ("location", "/cb#id_token=s3cr3t&state=1"));
        exchange.Response.Trailers.Append("x-anything", "s3cr3t");
        Assert.Equal(expected, Template.Parse(template).WithMask(Mask).Format(exchange));
    }

    [Theory]
    [InlineData("?token=a;b&c=1", "?token=***&c=1")]
    [InlineData("?x=1;token=a", "?x=1;token=***")]
    [InlineData("?next=/cb?code=a", "?next=/cb?code=***")]
    [InlineData("?%74oken=a", "?%74oken=***")]
    [InlineData("?%zz=a&pass+word=b", "?%zz=a&pass+word=***")]
    [InlineData("?token", "?token")]
    [InlineData("?token=", "?token=***")]
    [InlineData("?&&=x&", "?&&=x&")]
    [InlineData("?codes=1&ecode=2&CODE=3", "?codes=1&ecode=2&CODE=***")]
    public void Finds_parameters_however_they_are_written(string query, string expected)
    {
        using var exchange = TestExchange.Get("/" + query);
        Assert.Equal("/" + expected, Template.Parse("%PATH(WQ:ORIG)%").WithMask(Mask).Format(exchange));
    }

    [Theory]
    [InlineData("http://u:p@a/x", "http://***@a/x")]
    [InlineData("http://u:p@q@a", "http://***@a")]
    [InlineData("http://a/x@y", "http://a/x@y")]
    public void Hides_user_information(string target, string expected)
    {
        using var exchange = TestExchange.Get(target);
        Assert.Equal(expected, Template.Parse("%PATH(NQ:ORIG)%").WithMask(Mask).Format(exchange));
    }

    [Theory]
    [InlineData("")]
    [InlineData("a*b")]
    public void Refuses_what_is_no_pattern(string pattern) =>
        Assert.Contains($"'{pattern}'", Assert.Throws<ArgumentException>(() => new TemplateMask([pattern], [], [])).Message, StringComparison.Ordinal);

    [Fact]
    public void A_template_with_a_mask_is_another_one()
    {
        var template = Template.Parse("%PATH%");
        Assert.NotEqual(template, template.WithMask(Mask));
        Assert.Equal(template.WithMask(Mask), template.WithMask(Mask));
    }

    [Fact]
    public void Masking_allocates_nothing()
    {
        using var exchange = TestExchange.Get("/p?a=1&%63ode=s3cr3t&b").WithHeader("referer", "https://u@a/?token=x").WithHeader("authorization", "x");
        var template = Template.Parse("%PATH% %REQ(referer)% %REQ(authorization)%").WithMask(Mask);
        var output = new System.Buffers.ArrayBufferWriter<byte>(1024);
        Assert.Equal(0, Allocations.Of(() =>
        {
            output.ResetWrittenCount();
            template.FormatEscaped(exchange, output);
        }));
    }
}
