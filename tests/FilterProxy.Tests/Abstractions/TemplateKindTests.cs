using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.Tests.Abstractions;

public class TemplateKindTests
{
    [Theory]
    [InlineData("%RESPONSE_CODE%", TemplateKind.Number)]
    [InlineData("%DURATION%", TemplateKind.Number)]
    [InlineData("%COMMON_DURATION(DS_RX_BEG:DS_TX_END)%", TemplateKind.Number)]
    [InlineData("%DURATION:2%", TemplateKind.Plain)]
    [InlineData("%DURATION%ms", TemplateKind.Plain)]
    [InlineData("%START_TIME%", TemplateKind.Plain)]
    [InlineData("%START_TIME(%H \"%M\")%", TemplateKind.Text)]
    [InlineData("%PROTOCOL% %RESPONSE_FLAGS%", TemplateKind.Plain)]
    [InlineData("%PROTOCOL% %PATH%", TemplateKind.Text)]
    [InlineData("%REQ(content-length)%", TemplateKind.Text)]
    [InlineData("", TemplateKind.Plain)]
    [InlineData("plain", TemplateKind.Plain)]
    [InlineData("a \"quote\"", TemplateKind.Text)]
    [InlineData("gr\u00fcn", TemplateKind.Text)]
    public void Knows_what_its_result_can_hold(string text, TemplateKind expected) => Assert.Equal(expected, Template.Parse(text).Kind);

    [Theory]
    [InlineData(AbortReason.ClientClosed, "client_closed")]
    [InlineData(AbortReason.RouteTimeout, "route_timeout")]
    [InlineData(AbortReason.ClientTimeout, "client_timeout")]
    [InlineData(AbortReason.Shutdown, "shutdown")]
    [InlineData(AbortReason.Filter, "filter")]
    public void Tells_who_ended_the_exchange(AbortReason reason, string expected)
    {
        using var exchange = TestExchange.Get("/");
        exchange.AbortReason = reason;
        Assert.Equal(expected, Template.Parse("%CONNECTION_TERMINATION_DETAILS%").Format(exchange));
    }

    [Fact]
    public void Tells_what_was_wrong_with_the_request()
    {
        using var exchange = TestExchange.Get("/");
        exchange.Error = ProxyError.Downstream(ProxyErrorKind.BadRequest, "bare_lf");
        Assert.Equal("bare_lf", Template.Parse("%CONNECTION_TERMINATION_DETAILS%").Format(exchange));
    }

    [Theory]
    [InlineData("5", "NotFound", "5")]
    [InlineData("16", "Unauthenticated", "16")]
    [InlineData("99", "99", "99")]
    [InlineData("x", "x", "-")]
    public void The_status_of_gRPC_has_a_name_and_a_number(string sent, string name, string number)
    {
        using var exchange = TestExchange.Get("/").WithResponse(200, "", ("grpc-status", sent));
        Assert.Equal($"{name} {number}", Template.Parse("%GRPC_STATUS% %GRPC_STATUS_NUMBER%").Format(exchange));
    }
}
