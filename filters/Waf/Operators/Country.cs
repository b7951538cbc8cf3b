namespace FilterProxy.Filters.Waf.Operators;

/// <summary>Where an address is, as <c>GEO</c> tells it.</summary>
/// <param name="Code">The country, e.g. <c>DE</c>.</param>
/// <param name="Name">Its name; empty where the file has none.</param>
/// <param name="Continent">The continent, e.g. <c>EU</c>; empty where the file has none.</param>
internal sealed record Country(string Code, string Name, string Continent)
{
    /// <summary>Reads lines like <c>192.0.2.0/24,DE,Germany,EU</c>: network, code and, where it is known, name and continent.</summary>
    /// <exception cref="FormatException">A line is none; the message says which.</exception>
    public static NetworkMap<Country> Parse(string text)
    {
        var map = new NetworkMap<Country>();
        var known = new Dictionary<string, Country>(StringComparer.Ordinal);
        var number = 0;
        foreach (var line in text.Split('\n', StringSplitOptions.TrimEntries))
        {
            number++;
            if (line.Length == 0 || line[0] == '#')
            {
                continue;
            }

            var comma = line.IndexOf(',', StringComparison.Ordinal);
            var fields = line[(comma + 1)..].Split(',', StringSplitOptions.TrimEntries);
            if (comma <= 0 || fields is [""] or { Length: > 3 })
            {
                throw new FormatException($"line {number}: '{line}' is none like 192.0.2.0/24,DE,Germany,EU");
            }

            // A file has hundreds of thousands of networks in two hundred countries.
            if (!known.TryGetValue(line[comma..], out var country))
            {
                known[line[comma..]] = country = new Country(fields[0].ToUpperInvariant(), fields.ElementAtOrDefault(1) ?? "", fields.ElementAtOrDefault(2) ?? "");
            }

            try
            {
                map.Add(line[..comma].Trim(), country);
            }
            catch (FormatException e)
            {
                throw new FormatException($"line {number}: {e.Message}", e);
            }
        }

        return map;
    }
}
