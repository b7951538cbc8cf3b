namespace FilterProxy.Core.Transport;

/// <summary>Makes ids that are unique in this process and short enough for a log line.</summary>
internal static class CorrelationId
{
#pragma warning disable RS0030 // Only to begin elsewhere than the last process did.
    private static long s_last = DateTime.UtcNow.Ticks;
#pragma warning restore RS0030

    public static string Next() => string.Create(13, Interlocked.Increment(ref s_last), static (span, value) =>
    {
        const string Digits = "0123456789ABCDEFGHIJKLMNOPQRSTUV";
        for (var i = span.Length - 1; i >= 0; i--)
        {
            span[i] = Digits[(int)(value & 31)];
            value >>= 5;
        }
    });
}
