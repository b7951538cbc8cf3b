using System.Buffers;
using System.Text;
using FilterProxy.Filters.Text;

namespace FilterProxy.Filters.DirectResponse;

/// <summary>Answers by itself; no upstream is asked.</summary>
[Component("direct_response")]
public sealed class DirectResponseFilter : IRequestFilter
{
    private readonly DirectResponseOptions _options;
    private readonly byte[]? _constant;
    private readonly (byte[] Name, Template Value)[] _headers;
    private readonly byte[][] _methods;
    private readonly TemplateEscape _escape;

    /// <summary>Reads the file.</summary>
    /// <exception cref="ArgumentException">The file cannot be read.</exception>
    public DirectResponseFilter(DirectResponseOptions options, ComponentContext context)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(context);
        _options = options;
        _escape = Escapes.ForType(options.ContentType);
        _headers = [.. options.Headers.Select(field => (Encoding.ASCII.GetBytes(field.Key), field.Value))];
        _methods = [.. options.Methods.Select(Encoding.ASCII.GetBytes)];
        if (options.File is { } file)
        {
            _constant = OptionFile.Read(context.UseFile(file), File.ReadAllBytes);
        }
        else if (options.Body is null)
        {
            _constant = [];
        }
        else if (options.Body.TryGetConstant(out var text))
        {
            _constant = text.ToArray();
        }
    }

    /// <inheritdoc/>
    public ValueTask<FilterStatus> OnRequestAsync(HttpExchange exchange)
    {
        if (!IsMethod(exchange.Request.Method))
        {
            return new(FilterStatus.Continue);
        }

        ReadOnlyMemory<byte> body = _constant;
        if (_constant is null)
        {
            var output = new ArrayBufferWriter<byte>(256);
            _options.Body!.Format(exchange, output, _escape);
            body = output.WrittenMemory;
        }

        var reason = _options.Reason ?? "direct_response";
        exchange.Reply(_options.Status, reason, body, body.IsEmpty ? null : _options.ContentType);
        foreach (var (name, template) in _headers)
        {
            var value = new ArrayBufferWriter<byte>(64);

            // A line break in a value would begin a field of its own (response splitting).
            if (template.TryFormat(exchange, value) && HeaderName.IsValue(value.WrittenSpan))
            {
                exchange.Response.Headers.Set(name, value.WrittenSpan);
            }
        }

        return new(FilterStatus.Stop);
    }

    private bool IsMethod(ReadOnlySpan<byte> method)
    {
        foreach (var known in _methods)
        {
            if (method.SequenceEqual(known))
            {
                return true;
            }
        }

        return _methods.Length == 0;
    }
}
