namespace FilterProxy.Core.Config.Checks;

/// <summary>Checks of <c>http</c>, and of the parts of it a listener can override.</summary>
internal static class HttpChecks
{
    // A head is held in memory while it arrives, so its limit is one on what any stranger may make us hold.
    private static readonly ByteSize LargestHead = ByteSize.FromMiB(1);

    public static void Run(CheckContext context)
    {
        var http = context.Config.Http;
        context.CheckComponents(http.Filters, defaults: null);
        context.CheckComponents(http.RouteFilters, defaults: null);
        CheckLimits(context, http.Limits);
        CheckForwarding(context, http.Forwarding);
        CheckHttp2(context, http.Http2);
        if (http.ReasonHeader is { } reason && !HttpText.IsToken(reason))
        {
            context.Refuse(http, nameof(http.ReasonHeader), $"'{reason}' cannot be the name of a header");
        }

        if (http.ServerHeader is { } server && !HttpText.IsValue(server))
        {
            context.Refuse(http, nameof(http.ServerHeader), "this cannot be the value of a header");
        }
    }

    public static void CheckLimits(CheckContext context, LimitsConfig limits)
    {
        ConfigChecks.CheckDurations(context, limits);
        CheckHead(nameof(limits.RequestLine), limits.RequestLine);
        CheckHead(nameof(limits.RequestHead), limits.RequestHead);
        CheckHead(nameof(limits.HeaderSize), limits.HeaderSize);
        CheckHead(nameof(limits.ResponseHead), limits.ResponseHead);
        CheckWithin(nameof(limits.RequestLine), "request_line", limits.RequestLine);
        CheckWithin(nameof(limits.HeaderSize), "header_size", limits.HeaderSize);

        void CheckHead(string property, ByteSize size)
        {
            if (context.IsBound(limits, property) && (size.Bytes == 0 || size > LargestHead))
            {
                context.Refuse(limits, property, $"must be between 1 and {LargestHead}");
            }
        }

        void CheckWithin(string property, string key, ByteSize part)
        {
            // Said where one of the two was written; the defaults fit.
            if (part > limits.RequestHead && limits.RequestHead.Bytes > 0
                && context.IsBound(limits, property) && context.IsBound(limits, nameof(limits.RequestHead)))
            {
                var written = context.IsWritten(limits, property) ? property : nameof(limits.RequestHead);
                context.Refuse(limits, written, $"{key} ({part}) is larger than request_head ({limits.RequestHead}), which contains it");
            }
        }
    }

    public static void CheckHttp2(CheckContext context, Http2Config http2)
    {
        ConfigChecks.CheckDurations(context, http2);
        Check(nameof(http2.HeaderTable), http2.HeaderTable, new ByteSize(0), ByteSize.FromKiB(64));
        Check(nameof(http2.FrameSize), http2.FrameSize, ByteSize.FromKiB(16), ByteSize.FromKiB(16_383));
        if (http2.StreamWindow.Bytes != 0)
        {
            Check(nameof(http2.StreamWindow), http2.StreamWindow, ByteSize.FromKiB(64), new ByteSize(int.MaxValue));
        }

        Check(nameof(http2.ConnectionWindow), http2.ConnectionWindow, ByteSize.FromKiB(64), new ByteSize(int.MaxValue));
        CheckPing(nameof(http2.PingInterval), http2.PingInterval, mayBeOff: true);
        CheckPing(nameof(http2.PingTimeout), http2.PingTimeout, mayBeOff: false);

        void Check(string property, ByteSize size, ByteSize least, ByteSize most)
        {
            if (context.IsBound(http2, property) && (size < least || size > most))
            {
                context.Refuse(http2, property, $"must be between {least} and {most}");
            }
        }

        void CheckPing(string property, TimeSpan time, bool mayBeOff)
        {
            if (context.IsBound(http2, property) && time < TimeSpan.FromSeconds(1) && !(mayBeOff && time == TimeSpan.Zero))
            {
                context.Refuse(http2, property, "must be at least 1s");
            }
        }
    }

    public static void CheckForwarding(CheckContext context, ForwardingConfig forwarding)
    {
        if (forwarding.Via is { } via && !HttpText.IsToken(via))
        {
            context.Refuse(forwarding, nameof(forwarding.Via), $"'{via}' cannot name a proxy in Via", "letters, digits, '.' and '-'; or 'off'");
        }
    }
}
