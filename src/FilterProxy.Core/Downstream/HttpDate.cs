using System.Text;
using FilterProxy.Core.Transport;

namespace FilterProxy.Core.Downstream;

/// <summary>The current time as an HTTP date (RFC 9110 §5.6.7), formatted once a second.</summary>
internal static class HttpDate
{
    private static Entry s_entry = new(long.MinValue, []);

    public static ReadOnlySpan<byte> Now(Heartbeat heartbeat)
    {
        var second = heartbeat.Now / 1000;
        var entry = Volatile.Read(ref s_entry);
        if (entry.Second != second)
        {
#pragma warning disable RS0030 // Date tells the client the wall clock, once a second.
            entry = new Entry(second, Encoding.ASCII.GetBytes(DateTimeOffset.UtcNow.ToString("r")));
#pragma warning restore RS0030
            Volatile.Write(ref s_entry, entry);
        }

        return entry.Text;
    }

    private sealed record Entry(long Second, byte[] Text);
}
