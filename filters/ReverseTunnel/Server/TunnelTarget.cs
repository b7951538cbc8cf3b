using System.Buffers;
using System.Text;
using System.Text.RegularExpressions;
using FilterProxy.Filters.Streams;

namespace FilterProxy.Filters.ReverseTunnel.Server;

/// <summary>One way to learn whom a request or a connection is for, as it runs.</summary>
internal sealed class TunnelTarget
{
    // What is longer is nobody's id.
    private const int Longest = 512;

    [ThreadStatic]
    private static ArrayBufferWriter<byte>? t_scratch;

    private readonly Template? _template;
    private readonly Regex? _pattern;
    private readonly bool _isName, _isAddress;
    private readonly string? _id;

    /// <exception cref="ArgumentException">It cannot be understood.</exception>
    public TunnelTarget(TunnelTargetOptions options)
    {
        _id = options.Id;
        _isName = options.ServerName is not null;
        _isAddress = options.RemoteAddress;
        _template = options.Format
            ?? (options.Header is { } header ? Template.Parse($"%REQ({header})%")
            : options.Path is not null ? Template.Parse("%PATH(NQ)%")
            : options.Metadata is { } metadata ? Template.Parse($"%DYNAMIC_METADATA({metadata})%")
            : null);
        _pattern = (options.Path ?? options.ServerName) is { } pattern ? Compile(pattern) : null;
    }

    /// <summary>Writes the id; false where there is none.</summary>
    /// <param name="context">The request, or the connection.</param>
    /// <param name="id">Where to.</param>
    /// <param name="length">Characters of it.</param>
    public bool TryFind(in PickContext context, Span<char> id, out int length)
    {
        length = 0;
        if (_id is not null)
        {
            return Take(_id, id, out length);
        }

        if (_isAddress)
        {
            var address = context.Exchange is { } request ? request.Downstream.ClientAddress ?? request.Downstream.RemoteAddress
                : context.Connection is { } client ? ConnectionFacts.AddressOf(client)
                : null;
            return address is not null && (address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address).TryFormat(id, out length);
        }

        if (_isName)
        {
            return Match(context.Exchange?.Downstream.ServerName ?? (context.Connection is { } connection ? ConnectionFacts.ServerNameOf(connection) : ""), id, out length);
        }

        if (context.Exchange is not { } exchange)
        {
            return false;
        }

        var text = t_scratch ??= new ArrayBufferWriter<byte>(Longest);
        text.ResetWrittenCount();
        if (!_template!.TryFormat(exchange, text) || text.WrittenCount is 0 or > Longest)
        {
            return false;
        }

        Span<char> found = stackalloc char[Longest];
        found = found[..Encoding.Latin1.GetChars(text.WrittenSpan, found)];
        return _pattern is not null ? Match(found, id, out length) : found is not "-" && Take(found, id, out length);
    }

    private bool Match(ReadOnlySpan<char> text, Span<char> id, out int length)
    {
        length = 0;

        // Groups are to be had of strings alone.
        return _pattern!.IsMatch(text) && Take(_pattern.Match(text.ToString()).Groups[1].ValueSpan, id, out length);
    }

    private static bool Take(ReadOnlySpan<char> found, Span<char> id, out int length)
    {
        length = found.Length;
        return !found.IsEmpty && found.TryCopyTo(id);
    }

    private static Regex Compile(string pattern)
    {
        // Without backtracking there is no text that takes long.
        var regex = new Regex(pattern, RegexOptions.NonBacktracking | RegexOptions.CultureInvariant);
        return regex.GetGroupNumbers().Length == 2 ? regex : throw new ArgumentException($"'{pattern}' must have one group, which is the id");
    }
}
