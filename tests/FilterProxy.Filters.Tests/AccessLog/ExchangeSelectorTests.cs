using FilterProxy.Filters.AccessLog;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.Filters.Tests.AccessLog;

public class ExchangeSelectorTests
{
    private static readonly AccessLogOptions OnlyErrors = new() { Only = AccessLogScope.Errors };

    [Theory]
    [InlineData(200, ResponseFlags.None, false)]
    [InlineData(404, ResponseFlags.NoRouteFound | ResponseFlags.LocalReply, false)]
    [InlineData(429, ResponseFlags.RateLimited | ResponseFlags.LocalReply, false)]
    [InlineData(400, ResponseFlags.DownstreamProtocolError, false)]
    [InlineData(500, ResponseFlags.None, true)]
    [InlineData(503, ResponseFlags.NoHealthyUpstream, true)]
    [InlineData(0, ResponseFlags.None, true)]
    [InlineData(200, ResponseFlags.UpstreamConnectionTermination, true)]
    [InlineData(200, ResponseFlags.DownstreamConnectionTermination, true)]
    public void Only_errors_are_wanted_when_asked_for(int status, ResponseFlags flags, bool expected) =>
        Assert.Equal(expected, IsWanted(OnlyErrors, status, flags));

    [Theory]
    [InlineData(399, false)]
    [InlineData(400, true)]
    [InlineData(503, true)]
    public void Min_status_wants_what_is_at_least_that(int status, bool expected) =>
        Assert.Equal(expected, IsWanted(new() { MinStatus = 400 }, status));

    [Theory]
    [InlineData(99, 200, false)]
    [InlineData(100, 200, true)]
    [InlineData(99, 400, true)]
    public void Of_several_conditions_one_is_enough(int milliseconds, int status, bool expected)
    {
        var time = new FakeTimeProvider();
        time.Advance(TimeSpan.FromSeconds(1));
        using var exchange = TestExchange.Get("/").WithTime(time).WithResponse(status);
        time.Advance(TimeSpan.FromMilliseconds(milliseconds));
        var selector = new ExchangeSelector(new() { MinDuration = TimeSpan.FromMilliseconds(100), MinStatus = 400 });
        Assert.Equal(expected, selector.IsWanted(exchange));
    }

    [Fact]
    public void A_sample_is_about_the_part_asked_for()
    {
        var selector = new ExchangeSelector(new() { Sample = new SampleFraction(0.1) });
        using var exchange = TestExchange.Get("/").WithResponse(200);
        var wanted = Enumerable.Range(0, 20_000).Count(_ => selector.IsWanted(exchange));
        Assert.InRange(wanted, 1_600, 2_400);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Errors_are_kept_by_a_sample_unless_that_is_off(bool keep) =>
        Assert.Equal(keep, IsWanted(new() { Sample = new SampleFraction(0), KeepErrors = keep }, 500));

    [Theory]
    [InlineData("10%", 0.1)]
    [InlineData("0.25", 0.25)]
    [InlineData("0", 0)]
    [InlineData("1", 1)]
    [InlineData("100%", 1)]
    [InlineData("0.5%", 0.005)]
    public void Reads_fractions(string text, double expected)
    {
        Assert.True(SampleFraction.TryParse(text, out var fraction, out var error), error);
        Assert.Equal(expected, fraction.Value, 9);
    }

    [Theory]
    [InlineData("", "expected a fraction like '10%' or '0.1'")]
    [InlineData("ten", "got 'ten'")]
    [InlineData("-1", "got '-1'")]
    [InlineData("1/2", "got '1/2'")]
    [InlineData("NaN", "got 'NaN'")]
    [InlineData("10%%", "got '10%%'")]
    [InlineData("10", "did you mean '10%'?")]
    [InlineData("101%", "more than all")]
    public void Refuses_what_is_no_fraction(string text, string expected)
    {
        Assert.False(SampleFraction.TryParse(text, out _, out var error));
        Assert.Contains(expected, error, StringComparison.Ordinal);
    }

    private static bool IsWanted(AccessLogOptions options, int status, ResponseFlags flags = ResponseFlags.None)
    {
        using var exchange = TestExchange.Get("/");
        if (status > 0)
        {
            exchange.WithResponse(status);
        }

        exchange.Stats.Flags = flags;
        return new ExchangeSelector(options).IsWanted(exchange);
    }
}
