using FilterProxy.Host.Commands;
using Xunit;

namespace FilterProxy.Tests.Commands;

public sealed class TrafficTests
{
    private const string Before = """
        # TYPE http_server_request_duration_seconds histogram
        http_server_request_duration_seconds_bucket{route="a",http_response_status_code="200",le="0.1"} 10
        http_server_request_duration_seconds_bucket{route="a",http_response_status_code="200",le="1"} 10
        http_server_request_duration_seconds_bucket{route="a",http_response_status_code="200",le="+Inf"} 10
        """;

    private const string After = """
        http_server_request_duration_seconds_bucket{route="a",http_response_status_code="200",le="0.1"} 100
        http_server_request_duration_seconds_bucket{route="a",http_response_status_code="200",le="1"} 109
        http_server_request_duration_seconds_bucket{route="a",http_response_status_code="200",le="+Inf"} 109
        http_server_request_duration_seconds_bucket{route="a",error_type="connect_failed",le="0.1"} 1
        http_server_request_duration_seconds_bucket{route="a",error_type="connect_failed",le="1"} 1
        http_server_request_duration_seconds_bucket{route="a",error_type="connect_failed",le="+Inf"} 1
        http_server_request_duration_seconds_bucket{route="b\"\\\n}",le="0.1"} 0
        http_server_request_duration_seconds_bucket{route="b\"\\\n}",le="+Inf"} 200 1700000000
        """;

    [Fact]
    public void Rates_errors_and_latencies_are_of_what_came_between_the_readings_the_busiest_first()
    {
        var traffic = Between(2);

        Assert.Equal(["b\"\\\n}", "a"], traffic.Select(t => t.Name));
        Assert.Equal((50, 0.5), (traffic[1].PerSecond, traffic[1].ErrorsPerSecond));
        Assert.Equal(0.055, traffic[1].P50, 3);
        Assert.Equal(0.9, traffic[1].P99, 3);
        Assert.Equal((100, 0), (traffic[0].PerSecond, traffic[0].ErrorsPerSecond));
    }

    [Fact]
    public void Where_nothing_came_there_is_no_latency()
    {
        var metrics = MetricsText.Parse(After);

        Assert.All(
            Traffic.Between(metrics, metrics, 1, Traffic.Requests, labels => labels["route"]),
            traffic => Assert.Equal((0, double.NaN), (traffic.PerSecond, traffic.P50)));
    }

    [Theory]
    [InlineData("")]
    [InlineData("name")]
    [InlineData("name{")]
    [InlineData("name{a=\"")]
    [InlineData("name{a=\"b\"} nonsense")]
    [InlineData("name{a=\"b\\")]
    public void What_cannot_be_read_is_left_out(string line) => Assert.Empty(MetricsText.Parse(line).Of("name"));

    [Theory]
    [InlineData("plain", "plain")]
    [InlineData("a\u001b[31mb", "a?[31mb")]
    [InlineData("a\u0007\r\u0000", "a???")]
    [InlineData("\u202Egnp", "?gnp")]
    [InlineData("zwei\nZeilen", "zwei\nZeilen")]
    public void A_terminal_is_not_told_what_to_do_by_what_it_shows(string text, string shown) => Assert.Equal(shown, Terminal.Clean(text));

    private static IReadOnlyList<Traffic> Between(double seconds) => Traffic.Between(
        MetricsText.Parse(Before), MetricsText.Parse(After), seconds, Traffic.Requests, labels => labels["route"]);
}
