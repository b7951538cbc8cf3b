using System.Globalization;
using FilterProxy.Filters.Text;

namespace FilterProxy.Filters.OAuth2Login.Sessions;

/// <summary>Reads the keys of cookies from the options and the file they name.</summary>
internal static class KeyFile
{
    private const int ShortestKey = 32;

    /// <exception cref="ArgumentException">The file cannot be read, or a line is no key.</exception>
    public static IReadOnlyList<string> Read(SessionOptions options, ComponentContext context)
    {
        if (options.KeysFile is not { } file)
        {
            return options.Keys;
        }

        var path = context.UseFile(file);
        var keys = new List<string>(options.Keys);
        var lines = OptionFile.Read(path, File.ReadAllLines);
        for (var i = 0; i < lines.Length; i++)
        {
            var line = lines[i].Trim();
            if (line.Length == 0 || line[0] == '#')
            {
                continue;
            }

            // The line is not repeated: it may be a key all the same.
            keys.Add(line.Length >= ShortestKey ? line
                : throw new ArgumentException(string.Create(CultureInfo.InvariantCulture, $"{path}:{i + 1}: a key must have {ShortestKey} characters or more")));
        }

        return keys.Count > 0 ? keys : throw new ArgumentException($"{path}: there is no key");
    }
}
