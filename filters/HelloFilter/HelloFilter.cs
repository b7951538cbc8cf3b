using System.Text;

namespace FilterProxy.Filters.HelloFilter;

/// <summary>Greets in every response: the smallest whole filter, and the one to copy for a new one.</summary>
[Component("hello")]
public sealed class HelloFilter(HelloOptions options) : IResponseFilter
{
    private readonly byte[] _greeting = Encoding.Latin1.GetBytes(options.Greeting);

    /// <inheritdoc/>
    public ValueTask OnResponseAsync(HttpExchange exchange)
    {
        exchange.Response.Headers.Set("x-hello"u8, _greeting);
        return default;
    }
}
