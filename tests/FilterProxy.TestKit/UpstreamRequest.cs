using System.Text;

namespace FilterProxy.TestKit;

/// <summary>A request as a <see cref="TestUpstream"/> received it: parsed leniently, with the raw bytes kept.</summary>
public sealed class UpstreamRequest
{
    private readonly UpstreamRequestReader _reader;
    private Task? _body;

    internal UpstreamRequest(UpstreamConnection connection, UpstreamRequestReader reader, byte[] rawHead)
    {
        Connection = connection;
        _reader = reader;
        RawHead = Encoding.Latin1.GetString(rawHead);
        var lines = RawHead.Split('\n').Select(l => l.TrimEnd('\r')).ToArray();
        var parts = lines[0].Split(' ');
        (Method, Target, Version) = (parts[0], parts.ElementAtOrDefault(1) ?? "", parts.ElementAtOrDefault(2) ?? "");
        Headers = new RawFields([.. lines.Skip(1).Where(l => l.Length > 0).Select(ParseField)]);
    }

    /// <summary>The connection it came on.</summary>
    public UpstreamConnection Connection { get; }

    /// <summary>The head byte for byte as Latin-1, with its last empty line.</summary>
    public string RawHead { get; }

    /// <summary>The method.</summary>
    public string Method { get; }

    /// <summary>The target.</summary>
    public string Target { get; }

    /// <summary>The protocol of the request line.</summary>
    public string Version { get; }

    /// <summary>The fields in order.</summary>
    public RawFields Headers { get; }

    /// <summary>The body without chunk framing, as far as it was read.</summary>
    public byte[] Body { get; internal set; } = [];

    /// <summary>The body byte for byte, chunk framing and trailers included.</summary>
    public byte[] RawBody { get; internal set; } = [];

    /// <summary>The trailer fields.</summary>
    public RawFields Trailers { get; internal set; } = RawFields.Empty;

    /// <summary>Whether the body came to its end.</summary>
    public bool IsComplete { get; internal set; }

    /// <summary><see cref="Body"/> as UTF-8.</summary>
    public string Text => Encoding.UTF8.GetString(Body);

    /// <summary>
    /// Reads the body, first sending 100 (Continue) if the request asks for it. For handlers that are called at the head; the
    /// others find it read.
    /// </summary>
    public Task ReadBodyAsync() => _body ??= _reader.ReadBodyAsync(this, sendContinue: true);

    /// <summary>Sends raw bytes ahead of the response, e.g. an interim one.</summary>
    public Task SendAsync(string bytes) => _reader.SendAsync(Encoding.Latin1.GetBytes(bytes));

    /// <summary>Reads the body without sending 100 (Continue): none may follow a final response (RFC 9110 §15.2), and some upstreams know none.</summary>
    public Task DrainAsync() => _body ??= _reader.ReadBodyAsync(this, sendContinue: false);

    internal static KeyValuePair<string, string> ParseField(string line)
    {
        var colon = line.IndexOf(':', StringComparison.Ordinal);
        return colon < 0 ? new(line, "") : new(line[..colon], line[(colon + 1)..].Trim(' ', '\t'));
    }
}
