using FilterProxy.Core.Config.Includes;

namespace FilterProxy.Core.Config.Tree;

/// <summary>A file whose text is put into a value, as orchestrators and <c>systemd-creds</c> hand out secrets.</summary>
internal static class SecretFile
{
    private const int Largest = 64 * 1024;

    /// <summary>Its text without the newline that ends it, or why there is none. A relative path begins at <paramref name="folder"/>.</summary>
    public static bool TryRead(string path, string folder, ConfigSources sources, out string text, out string error, out string hint)
    {
        (text, error, hint) = ("", "", "");
        if (path.Length == 0 || path.Contains('\0', StringComparison.Ordinal))
        {
            (error, hint) = ("a file needs a path", "'${file:/run/secrets/name}'");
            return false;
        }

        var full = Path.GetFullPath(Path.Combine(folder, path));
        sources.AddFile(full);
        if (!FileText.TryRead(full, Largest, out var bytes, out var reason, out var why))
        {
            (error, hint) = ($"file '{path}': {reason}", why ?? $"looked for {full}");
            return false;
        }

        if (!FileText.TryDecode(bytes, out var content, out _))
        {
            (error, hint) = ($"file '{path}': this is not UTF-8 text", "encode it, e.g. as base64");
            return false;
        }

        text = content.EndsWith("\r\n", StringComparison.Ordinal) ? content[..^2] : content.EndsWith('\n') ? content[..^1] : content;
        return true;
    }
}
