namespace FilterProxy.Filters.Tests.ReverseTunnel.Handshake;

/// <summary>A reply to a handshake as it came.</summary>
internal sealed class HandshakeAnswer(string text)
{
    public string Text => text;

    public int Status => text.Length > 12 ? int.Parse(text[9..12], System.Globalization.CultureInfo.InvariantCulture) : 0;

    /// <summary>The code of a refusal.</summary>
    public string? Reason => this["x-filterproxy-tunnel-reason"];

    public string? this[string name] => text.Split("\r\n").Where(line => line.StartsWith(name + ": ", StringComparison.Ordinal)).Select(line => line[(name.Length + 2)..]).SingleOrDefault();
}
