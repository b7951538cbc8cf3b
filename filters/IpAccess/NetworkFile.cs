using System.Globalization;
using System.Net;
using FilterProxy.Filters.Text;

namespace FilterProxy.Filters.IpAccess;

/// <summary>A file of networks, one a line.</summary>
internal static class NetworkFile
{
    /// <exception cref="ArgumentException">It cannot be read, or a line is no network.</exception>
    public static List<IPNetwork> Read(string path)
    {
        var networks = new List<IPNetwork>();
        var number = 0;
        foreach (var line in OptionFile.Read(path, File.ReadAllLines))
        {
            number++;
            var text = line.Split('#')[0].Trim();
            if (text.Length > 0)
            {
                networks.Add(TryParse(text, out var network) ? network : throw new ArgumentException($"{path}:{number}: '{text}' is no network like '10.0.0.0/8'"));
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
