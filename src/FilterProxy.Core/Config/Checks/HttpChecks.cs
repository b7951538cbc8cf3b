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

    public static void CheckForwarding(CheckContext context, ForwardingConfig forwarding)
    {
        if (forwarding.Via is { } via && !HttpText.IsToken(via))
        {
            context.Refuse(forwarding, nameof(forwarding.Via), $"'{via}' cannot name a proxy in Via", "letters, digits, '.' and '-'; or 'off'");
        }
    }
}
