using System.Globalization;

namespace FilterProxy.EmbeddingSample;

/// <summary>Counts requests and tells the application the number of each.</summary>
[Component("visits")]
public sealed class VisitFilter(VisitOptions options, Visits visits) : IRequestFilter
{
    public ValueTask<FilterStatus> OnRequestAsync(HttpExchange exchange)
    {
        exchange.Request.Headers.Set(options.Header, visits.Next().ToString(CultureInfo.InvariantCulture));
        return new(FilterStatus.Continue);
    }
}
