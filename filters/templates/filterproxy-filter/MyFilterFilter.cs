using System.Text;

namespace FilterProxy.Filters.MyFilter;

/// <summary>Adds a header to the request sent upstream, and to the response.</summary>
[Component("my_filter")]
public sealed class MyFilterFilter(MyFilterOptions options) : IRequestFilter, IResponseFilter
{
    private readonly byte[] _header = Encoding.ASCII.GetBytes(options.Header);
    private readonly byte[] _value = Encoding.Latin1.GetBytes(options.Value);

    /// <inheritdoc/>
    public ValueTask<FilterStatus> OnRequestAsync(HttpExchange exchange)
    {
        exchange.Request.Headers.Set(_header, _value);
        return new(FilterStatus.Continue);
    }

    /// <inheritdoc/>
    public ValueTask OnResponseAsync(HttpExchange exchange)
    {
        exchange.Response.Headers.Set(_header, _value);
        return default;
    }
}
