using System.Globalization;
using System.Net;
using FilterProxy.Filters.Text;

namespace FilterProxy.Filters.Networks;

/// <summary>A file of networks, one a line, with or without a tag. <c>#</c> begins a comment.</summary>
internal static class NetworkFile
{
    private const int LongestTag = 64;
    private static readonly char[] s_separators = [' ', '\t', ','];

    /// <summary>Networks alone.</summary>
    /// <exception cref="ArgumentException">It cannot be read, or a line is no network.</exception>
    public static List<IPNetwork> Read(string path) =>
        Read<IPNetwork>(path, static text => TryParse(text, out var network) ? network : null, "is no network like '10.0.0.0/8'");

    /// <summary>Networks with their tags: <c>203.0.113.0/24 NL</c>, with blanks or a comma in between.</summary>
    /// <exception cref="ArgumentException">It cannot be read, or a line is something else.</exception>
    public static List<(IPNetwork Network, string Tag)> ReadTagged(string path) => Read<(IPNetwork, string)>(
        path,
        static text => text.Split(s_separators, StringSplitOptions.RemoveEmptyEntries) is [var written, { Length: <= LongestTag } tag]
            && !tag.AsSpan().ContainsAnyExceptInRange('!', '~') && TryParse(written, out var network)
                ? (network, tag)
                : null,
        "is no network and its tag like '203.0.113.0/24 NL'");

    private static List<T> Read<T>(string path, Func<string, T?> parse, string complaint)
        where T : struct
    {
        var networks = new List<T>();
        var number = 0;
        foreach (var line in OptionFile.Read(path, File.ReadAllLines))
        {
            number++;
            var text = line.Split('#')[0].Trim();
            if (text.Length > 0)
            {
                networks.Add(parse(text) ?? throw new ArgumentException($"{path}:{number}: '{text}' {complaint}"));
            }
        }

        return networks;
    }

    // Strict as the options are: "10" is 0.0.0.10 to IPAddress, and bits behind the prefix are a slip.
    private static bool TryParse(string text, out IPNetwork network)
    {
        network = default;
        var parts = text.Split('/');
        if (!IPAddress.TryParse(parts[0], out var address) || (!parts[0].Contains(':', StringComparison.Ordinal) && address.ToString() != parts[0]))
        {
            return false;
        }

        var bits = address.GetAddressBytes().Length * 8;
        if (parts.Length > 2 || (parts.Length == 2 && (!int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out bits) || !IPNetwork.TryParse(text, out _))))
        {
            return false;
        }

        network = new IPNetwork(address, bits);
        return network.BaseAddress.Equals(address);
    }
}
