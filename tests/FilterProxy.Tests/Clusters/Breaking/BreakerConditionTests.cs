using FilterProxy.Core.Clusters.Breaking;
using Xunit;

namespace FilterProxy.Tests.Clusters.Breaking;

public sealed class BreakerConditionTests
{
    // Ten attempts: six of 10 ms answered 200, two of 1 s answered 503, one of 10 ms answered 404, one connect that failed.
    [Theory]
    [InlineData("error_ratio > 0.29", true)]
    [InlineData("error_ratio > 30%", false)]
    [InlineData("error_ratio >= 30%", true)]
    [InlineData("network_error_ratio > 9%", true)]
    [InlineData("network_error_ratio > 11%", false)]
    [InlineData("status_ratio(500-599) > 0.19", true)]
    [InlineData("status_ratio(404) >= 0.1", true)]
    [InlineData("status_ratio(404) > 50% || status_ratio(503) > 0.1", true)]
    [InlineData("latency(0.5) < 20ms", true)]
    [InlineData("latency(0.95) > 800ms", true)]
    [InlineData("latency(0.95) > 1.3s", false)]
    [InlineData("requests >= 10", true)]
    [InlineData("requests > 10 && error_ratio > 0", false)]
    [InlineData("requests > 10 && error_ratio > 0 || latency(1) > 0.5s", true)]
    [InlineData("requests > 10 && (error_ratio > 0 || latency(1) > 0.5s)", false)]
    [InlineData("requests<=10&&error_ratio<1", true)]
    public void A_condition_is_judged(string text, bool expected)
    {
        var condition = Parse(text);
        var window = new BreakerWindow(10_000, condition.Ranges);
        for (var i = 0; i < 6; i++)
        {
            Add(window, 200, 10);
        }

        Add(window, 503, 1000);
        Add(window, 503, 1000);
        Add(window, 404, 10);
        Add(window, 0, 0);
        Assert.Equal(expected, condition.Holds(window));
    }

    [Theory]
    [InlineData("", "'' cannot be measured (error_ratio, network_error_ratio, status_ratio(500-599), latency(0.99), requests)")]
    [InlineData("errors > 1", "'errors' cannot be measured (error_ratio, network_error_ratio, status_ratio(500-599), latency(0.99), requests)")]
    [InlineData("error_ratio", "expected '>', '>=', '<' or '<=' after what is measured")]
    [InlineData("error_ratio > x", "expected a number like '0.5', '50%' or '500ms', got 'x'")]
    [InlineData("error_ratio > 5 xx", "expected '&&', '||' or the end at 'xx'")]
    [InlineData("(error_ratio > 5", "a ')' is missing")]
    [InlineData("latency > 5", "an argument in parentheses is missing")]
    [InlineData("latency(2) > 5", "expected a quantile like '0.99', got '2'")]
    [InlineData("status_ratio(x) > 5", "expected a status like '503' or a range like '500-599', got 'x'")]
    [InlineData("error_ratio > 5 &&", "'' cannot be measured (error_ratio, network_error_ratio, status_ratio(500-599), latency(0.99), requests)")]
    public void What_is_no_condition_is_refused_with_the_reason(string text, string error)
    {
        Assert.False(BreakerCondition.TryParse(text, out _, out var said));
        Assert.Equal(error, said);
    }

    [Fact]
    public void A_window_forgets()
    {
        var window = new BreakerWindow(1000, []);
        window.Advance(0);
        Add(window, 500, 1);
        window.Advance(900);
        Assert.Equal(1, window.Requests);
        window.Advance(1100);
        Assert.Equal(0, window.Requests);
    }

    internal static BreakerCondition Parse(string text) => BreakerCondition.TryParse(text, out var condition, out var error) ? condition : throw new FormatException(error);

    private static void Add(BreakerWindow window, int status, int milliseconds) => window.Add(
        new Outcome(status, status == 0 ? ProxyErrorKind.ConnectFailed : ProxyErrorKind.None, TimeSpan.FromMilliseconds(milliseconds)));
}
