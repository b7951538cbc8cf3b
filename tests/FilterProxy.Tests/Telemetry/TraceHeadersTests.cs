using FilterProxy.Core.Telemetry.Tracing;
using Xunit;

namespace FilterProxy.Tests.Telemetry;

public sealed class TraceHeadersTests
{
    private const string Trace = "0af7651916cd43dd8448eb211c80319c";
    private const string Span = "b7ad6b7169203331";

    [Theory]
    [InlineData($"00-{Trace}-{Span}-01", true)]
    [InlineData($"00-{Trace}-{Span}-00", false)]
    [InlineData($"01-{Trace}-{Span}-01-more", true)]
    public void A_traceparent_is_read(string value, bool isSampled)
    {
        var context = Read(TraceFormats.W3C, out var isDecided, ("traceparent", value));

        Assert.Equal((Trace, Span, isSampled, true), (context.TraceId, context.SpanId, context.IsSampled, isDecided));
    }

    [Theory]
    [InlineData("")]
    [InlineData($"00-{Trace}-{Span}-01-more")]
    [InlineData($"ff-{Trace}-{Span}-01")]
    [InlineData($"00-{Trace}-{Span}-0")]
    [InlineData($"00-{Trace}-{Span}-0g")]
    [InlineData($"00-0AF7651916CD43DD8448EB211C80319C-{Span}-01")]
    [InlineData($"00-00000000000000000000000000000000-{Span}-01")]
    [InlineData($"00-{Trace}-0000000000000000-01")]
    [InlineData($"00 {Trace}-{Span}-01")]
    [InlineData($"01-{Trace}-{Span}-01more")]
    public void What_is_no_traceparent_is_no_trace(string value) =>
        Assert.True(Read(TraceFormats.W3C, out _, ("traceparent", value)).IsEmpty);

    [Fact]
    public void Two_of_them_are_none() =>
        Assert.True(Read(TraceFormats.W3C, out _, ("traceparent", $"00-{Trace}-{Span}-01"), ("traceparent", $"00-{Trace}-{Span}-01")).IsEmpty);

    [Theory]
    [InlineData($"{Trace}-{Span}-1", true, true)]
    [InlineData($"{Trace}-{Span}-d-{Span}", true, true)]
    [InlineData($"{Trace}-{Span}-0", false, true)]
    [InlineData($"{Trace}-{Span}", false, false)]
    public void A_b3_field_is_read(string value, bool isSampled, bool isDecided)
    {
        var context = Read(TraceFormats.B3, out var decided, ("b3", value));

        Assert.Equal((Trace, Span, isSampled, isDecided), (context.TraceId, context.SpanId, context.IsSampled, decided));
    }

    [Theory]
    [InlineData("0")]
    [InlineData($"{Trace}-{Span}-")]
    [InlineData($"{Trace}-{Span}-1-abc")]
    [InlineData($"{Trace}{Span}")]
    public void What_is_no_b3_field_is_no_trace(string value) => Assert.True(Read(TraceFormats.B3, out _, ("b3", value)).IsEmpty);

    [Fact]
    public void The_fields_of_b3_are_read_and_half_of_an_id_is_enough()
    {
        var context = Read(TraceFormats.B3Multi, out var isDecided, ("X-B3-TraceId", "8448eb211c80319c"), ("X-B3-SpanId", Span), ("X-B3-Sampled", "1"));

        Assert.Equal(("00000000000000008448eb211c80319c", true, true), (context.TraceId, context.IsSampled, isDecided));
    }

    [Fact]
    public void What_is_written_is_read_again_in_every_format()
    {
        var context = TracingRules.NewTrace(isSampled: true);
        foreach (var format in new[] { TraceFormats.W3C, TraceFormats.B3, TraceFormats.B3Multi })
        {
            var headers = Headers();
            TraceHeaders.Write(headers, format, context);

            Assert.Equal(context, TraceHeaders.Read(headers, format, out _));
        }
    }

    [Fact]
    public void A_tenth_of_traces_is_about_a_tenth_and_the_same_for_everybody()
    {
        var (one, other) = (new TracingRules(0.1), new TracingRules(0.1));
        var chosen = 0;
        for (var i = 0; i < 20_000; i++)
        {
            var trace = TracingRules.NewTrace(isSampled: false);
            Assert.Equal(one.IsChosen(trace), other.IsChosen(trace));
            chosen += one.IsChosen(trace) ? 1 : 0;
        }

        Assert.InRange(chosen, 1700, 2300);
        Assert.True(new TracingRules(1).IsChosen(default));
        Assert.False(new TracingRules(0).IsChosen(TracingRules.NewTrace(isSampled: false)));
    }

    private static TraceContext Read(TraceFormats formats, out bool isDecided, params (string Name, string Value)[] fields) =>
        TraceHeaders.Read(Headers(fields), formats, out isDecided);

    private static HeaderMap Headers(params (string Name, string Value)[] fields)
    {
        var headers = new HeaderMap(new HeadBlock());
        foreach (var (name, value) in fields)
        {
            headers.Append(name, value);
        }

        return headers;
    }
}
