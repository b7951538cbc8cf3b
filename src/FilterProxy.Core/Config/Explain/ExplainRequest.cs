using System.Buffers;
using System.Globalization;
using System.Net;
using System.Security.Claims;
using System.Text;
using FilterProxy.Core.Http1;

namespace FilterProxy.Core.Config.Explain;

/// <summary>A request to explain, as a command line says it.</summary>
internal sealed record ExplainRequest
{
    public required string Method { get; init; }

    /// <summary>The URL as given.</summary>
    public required string Url { get; init; }

    /// <summary><c>http</c> or <c>https</c>; null for a path alone, which fits any listener.</summary>
    public string? Scheme { get; init; }

    /// <summary>The port of the URL; 0 for a path alone.</summary>
    public int Port { get; init; }

    /// <summary>The Host a client would send.</summary>
    public required string Authority { get; init; }

    /// <summary>The target a client would send, byte for byte as given.</summary>
    public required string Target { get; init; }

    public IReadOnlyList<(string Name, string Value)> Headers { get; init; } = [];

    public IPAddress From { get; init; } = IPAddress.Loopback;

    /// <summary>Who asks, as filters would find out; null for nobody.</summary>
    public ClaimsPrincipal? User { get; init; }

    /// <summary>The listener to come in by; null for the one that fits.</summary>
    public string? Listener { get; init; }

    /// <summary>Reads method, URL and headers; nothing is normalised, because that is what is to be explained.</summary>
    public static bool TryParse(string method, string url, IReadOnlyList<string> headers, out ExplainRequest request, out string error)
    {
        request = null!;
        error = headers.FirstOrDefault(header => header.IndexOf(':', StringComparison.Ordinal) <= 0) is { } wrong
            ? $"expected a header like 'name: value', got '{wrong}'"
            : "";
        if (headers.Append(method).Append(url).Any(text => text.Any(char.IsControl)))
        {
            error = "a control character cannot be part of a request";
        }

        var split = url.IndexOf("://", StringComparison.Ordinal);
        var scheme = split < 0 ? null : url[..split].ToLowerInvariant();
        var isConnect = method == "CONNECT";
        if (!isConnect && (split < 0 ? !url.StartsWith('/') : scheme is not ("http" or "https")))
        {
            error = $"expected a URL like 'https://example.com/admin/x' or a path, got '{url}'";
        }

        if (error.Length > 0)
        {
            return false;
        }

        var rest = split < 0 ? url : url[(split + 3)..];
        var slash = split < 0 ? 0 : rest.AsSpan().IndexOfAny("/?#");
        slash = slash < 0 ? rest.Length : slash;
        var target = rest[slash..];
        var fields = headers.Select(header => header.Split(':', 2)).Select(parts => (Name: parts[0].Trim(), Value: parts[1].Trim())).ToList();
        var host = fields.FindLast(field => field.Name.Equals("host", StringComparison.OrdinalIgnoreCase)).Value;
        request = new ExplainRequest
        {
            Method = method,
            Url = url,
            Scheme = isConnect ? null : scheme,
            Port = split < 0 ? 0 : PortOf(rest[..slash], scheme == "https" ? 443 : 80),
            Authority = host ?? (isConnect ? url : split < 0 ? "localhost" : rest[..slash]),
            Target = isConnect ? url : target.StartsWith('/') ? target : "/" + target,
            Headers = [.. fields.Where(field => !field.Name.Equals("host", StringComparison.OrdinalIgnoreCase))],
        };
        return true;
    }

    /// <summary>A user with claims, each written <c>name=value</c>; null for none.</summary>
    public static bool TryParseUser(IReadOnlyList<string> claims, out ClaimsPrincipal? user, out string error)
    {
        var pairs = claims.Select(claim => claim.Split('=', 2)).ToList();
        error = pairs.Find(pair => pair.Length < 2 || pair[0].Length == 0) is { } wrong ? $"expected a claim like 'sub=ada', got '{wrong[0]}'" : "";
        user = claims.Count == 0 || error.Length > 0 ? null : new ClaimsPrincipal(new ClaimsIdentity(pairs.Select(pair => new Claim(pair[0], pair[1])), "explain", "sub", "roles"));
        return error.Length == 0;
    }

    /// <summary>Reads it as a connection would: the same parser under the same limits, the same refusals.</summary>
    public ProxyError Read(RequestHead head, HeadLimits limits)
    {
        var text = new StringBuilder($"{Method} {Target} HTTP/1.1\r\nHost: {Authority}\r\n");
        foreach (var (name, value) in Headers)
        {
            text.Append($"{name}: {value}\r\n");
        }

        var reader = new Http1RequestReader(head);
        reader.Begin(limits);
        var status = reader.Read(new ReadOnlySequence<byte>(Encoding.UTF8.GetBytes(text.Append("\r\n").ToString())), out _);
        return status == HeadStatus.Failed ? reader.Error : Http1Framing.ForRequest(head, out _);
    }

    private static int PortOf(string authority, int standard)
    {
        var colon = authority.LastIndexOf(':');
        return colon > authority.LastIndexOf(']')
            && ushort.TryParse(authority.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var port) ? port : standard;
    }
}
