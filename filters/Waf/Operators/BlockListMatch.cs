using System.Net;
using System.Net.Sockets;

namespace FilterProxy.Filters.Waf.Operators;

/// <summary>Whether a block list in the DNS has an address (RFC 5782). The answer was asked for before the rule ran.</summary>
internal sealed class BlockListMatch : Operator
{
    private readonly string _zone;

    /// <param name="zone">The list's zone, e.g. <c>zen.example.org</c>.</param>
    /// <exception cref="FormatException">It is none.</exception>
    public BlockListMatch(string zone)
    {
        _zone = Uri.CheckHostName(zone) == UriHostNameType.Dns ? zone : throw new FormatException($"'{zone}' is no zone of a block list");
    }

    public override bool Matches(string text, OperatorRun run)
    {
        if (NameOf(text) is not { } name || run.BlockLists?.Find(name) != true)
        {
            return false;
        }

        run.Capture(text);
        return true;
    }

    /// <summary>The name to ask for: the address backwards, in bytes (RFC 5782 §2.1) or nibbles (§2.4); null where it is no address.</summary>
    public string? NameOf(string text)
    {
        if (!IPAddress.TryParse(text, out var address))
        {
            return null;
        }

        address = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        var bytes = address.GetAddressBytes().Reverse();
        var labels = address.AddressFamily == AddressFamily.InterNetwork
            ? bytes.Select(value => $"{value}")
            : bytes.SelectMany(value => new[] { $"{value & 0xF:x}", $"{value >> 4:x}" });
        return $"{string.Join('.', labels)}.{_zone}";
    }
}
