using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using FilterProxy.Filters.ReverseTunnel.Identity;

namespace FilterProxy.Filters.ReverseTunnel.Handshake;

/// <summary>A service as a header field has it: <c>db;type=tcp;port=5432;weight=3</c>, <c>app;type=http;host=a.example.com;host=b.example.com</c>.</summary>
internal static class ServiceText
{
    private const int MostHosts = 32;
    private const int LongestHost = 253;

    public static string Write(TunnelService service) => string.Create(
        CultureInfo.InvariantCulture,
        $"{service.Name};type={Names.Of(service.Type)}{(service.Port > 0 ? $";port={service.Port}" : "")}{string.Concat(service.Hosts.Select(host => $";host={host}"))}"
        + $"{(service.Subdomain is { } name ? $";subdomain={name}" : "")}{(service.Path.Length > 0 ? $";path={service.Path}" : "")}{service.Terms}");

    /// <summary>Reads one, or says what is wrong with it.</summary>
    public static bool TryRead(string text, [NotNullWhen(true)] out TunnelService? service, out string problem)
    {
        service = null;
        var parts = text.Split(';', StringSplitOptions.TrimEntries);
        if (!TunnelIdentity.IsPart(parts[0]))
        {
            problem = "a service has no name, or one of other characters than an identity's";
            return false;
        }

        TunnelServiceType? type = null;
        var port = 0;
        var hosts = new List<string>();
        string? subdomain = null;
        var path = "";
        var terms = ServiceTerms.Default;
        foreach (var part in parts[1..])
        {
            var pair = part.Split('=', 2);
            var isKnown = pair is [var name, var value] && name switch
            {
                "type" => type is null && Names.TryType(value, out type),
                "port" => port == 0 && int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out port) && port is > 0 and <= ushort.MaxValue,
                "host" => hosts.Count < MostHosts && IsHost(value) && Add(hosts, value),
                "subdomain" => subdomain is null && IsLabel(subdomain = value),
                "path" => path.Length == 0 && IsPath(path = value),
                _ => terms.With(name, value) is { } more && Take(ref terms, more),
            };
            if (!isKnown)
            {
                problem = $"the service '{parts[0]}' has a part that is unknown, there twice or wrong";
                return false;
            }
        }

        if (type is null)
        {
            problem = $"the service '{parts[0]}' has no type";
            return false;
        }

        (service, problem) = (new TunnelService(parts[0], type.Value) { Port = port, Hosts = hosts, Subdomain = subdomain, Path = path, Terms = terms }, "");
        return true;
    }

    /// <summary>Whether a text may be a host's name, or with <c>*.</c> those below it.</summary>
    public static bool IsHost(string text)
    {
        var name = text.StartsWith("*.", StringComparison.Ordinal) ? text[2..] : text;
        return name.Length is > 0 and <= LongestHost && name[0] != '.' && name[^1] != '.' && !name.Contains("..", StringComparison.Ordinal)
            && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '.' or '_');
    }

    private static bool IsLabel(string text) => text.Length is > 0 and <= 63 && text[0] != '-' && text[^1] != '-' && text.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '-');

    private static bool IsPath(string text) => text.Length is > 1 and <= 256 && text[0] == '/' && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '/' or '-' or '.' or '_' or '~');

    private static bool Take(ref ServiceTerms terms, ServiceTerms more)
    {
        terms = more;
        return true;
    }

    private static bool Add(List<string> hosts, string host)
    {
        hosts.Add(host.ToLowerInvariant());
        return true;
    }
}
