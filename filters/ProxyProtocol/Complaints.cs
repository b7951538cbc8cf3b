using System.Net;
using Microsoft.Extensions.Logging;

namespace FilterProxy.Filters.ProxyProtocol;

/// <summary>Says why connections are closed: once for each, but of a flood only how many there were.</summary>
internal sealed partial class Complaints(ILogger logger, TimeProvider time)
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(10);
    private readonly Lock _lock = new();
    private readonly (long Next, long Skipped)[] _samplers = new (long, long)[(int)Outcome.Closed + 1];

    public void Say(Outcome outcome, EndPoint? peer)
    {
        if (TryTake(outcome, out var skipped))
        {
            Closed(logger, outcome == Outcome.Closed ? LogLevel.Debug : LogLevel.Warning, peer?.ToString() ?? "a unix socket", Reason(outcome), skipped);
        }
    }

    private bool TryTake(Outcome outcome, out long skipped)
    {
        var now = time.GetTimestamp();
        lock (_lock)
        {
            ref var sampler = ref _samplers[(int)outcome];
            if (now < sampler.Next)
            {
                sampler.Skipped++;
                skipped = 0;
                return false;
            }

            skipped = sampler.Skipped;
            sampler = (now + (long)(Interval.TotalSeconds * time.TimestampFrequency), 0);
            return true;
        }
    }

    private static string Reason(Outcome outcome) => outcome switch
    {
        Outcome.Untrusted => "it is not trusted to send one",
        Outcome.Missing => "it sent something else",
        Outcome.Malformed => "its header is malformed",
        Outcome.TooLarge => "its header is too large",
        Outcome.Timeout => "its header did not come in time",
        _ => "it closed before its header was complete",
    };

    [LoggerMessage(EventId = 1, Message = "A connection of {Peer} has no PROXY protocol header and is closed: {Reason} ({Skipped} more of these since this was last said).")]
    private static partial void Closed(ILogger logger, LogLevel level, string peer, string reason, long skipped);
}
