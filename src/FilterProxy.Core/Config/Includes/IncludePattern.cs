using System.IO.Enumeration;
using FilterProxy.Core.Config.Tree;

namespace FilterProxy.Core.Config.Includes;

/// <summary>The files an <c>include</c> names: one, or all of a folder that fit <c>*.yaml</c>.</summary>
internal static class IncludePattern
{
    private static readonly char[] Wildcards = ['*', '?'];

    /// <summary>Their paths below <paramref name="folder"/>, in the order of their names.</summary>
    public static IReadOnlyList<string> Expand(ConfigScalar pattern, string folder, ConfigSources sources, ConfigErrors errors)
    {
        var text = pattern.Text;
        if (text.Length == 0 || text.Contains('\0', StringComparison.Ordinal))
        {
            errors.Add(pattern.Location, "an include needs the path of a file", "include: conf.d/*.yaml");
            return [];
        }

        var path = Path.Combine(folder, text);
        var name = Path.GetFileName(text);
        if (text.IndexOfAny(Wildcards) < 0)
        {
            return [path];
        }

        var within = Path.GetDirectoryName(path) ?? "";
        if (text[..^name.Length].IndexOfAny(Wildcards) >= 0 || name.Length == 0)
        {
            errors.Add(pattern.Location, "only the name of an included file may have wildcards", "include: [a/*.yaml, b/*.yaml]");
            return [];
        }

        var searched = Path.GetFullPath(within.Length == 0 ? "." : within);
        sources.AddFolder(searched);
        try
        {
            // Hidden files are what editors leave; a name that begins with a dot must be asked for.
            return
            [
                .. Directory.EnumerateFiles(searched)
                    .Select(file => Path.GetFileName(file))
                    .Where(file => FileSystemName.MatchesSimpleExpression(name, file, ignoreCase: false))
                    .Where(file => file[0] != '.' || name[0] == '.')
                    .Order(StringComparer.Ordinal)
                    .Select(file => Path.Combine(within, file)),
            ];
        }
        catch (DirectoryNotFoundException)
        {
            errors.Add(pattern.Location, $"there is no folder '{within}'", $"looked for {searched}");
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            errors.Add(pattern.Location, $"the folder '{within}' cannot be read", failure.Message);
        }

        return [];
    }
}
