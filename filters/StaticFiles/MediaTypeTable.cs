using System.Text;

namespace FilterProxy.Filters.StaticFiles;

/// <summary>Content types by the extension of a file.</summary>
internal sealed class MediaTypeTable
{
    private const string Other = "application/octet-stream";

    private static readonly Dictionary<string, string> Known = new(StringComparer.OrdinalIgnoreCase)
    {
        ["html"] = "text/html; charset=utf-8", ["htm"] = "text/html; charset=utf-8", ["css"] = "text/css; charset=utf-8",
        ["js"] = "text/javascript; charset=utf-8", ["mjs"] = "text/javascript; charset=utf-8", ["cjs"] = "text/javascript; charset=utf-8",
        ["json"] = "application/json", ["map"] = "application/json", ["webmanifest"] = "application/manifest+json", ["jsonld"] = "application/ld+json",
        ["txt"] = "text/plain; charset=utf-8", ["md"] = "text/markdown; charset=utf-8", ["csv"] = "text/csv; charset=utf-8",
        ["xml"] = "application/xml", ["rss"] = "application/rss+xml", ["atom"] = "application/atom+xml", ["xhtml"] = "application/xhtml+xml",
        ["svg"] = "image/svg+xml", ["png"] = "image/png", ["jpg"] = "image/jpeg", ["jpeg"] = "image/jpeg", ["gif"] = "image/gif",
        ["webp"] = "image/webp", ["avif"] = "image/avif", ["ico"] = "image/x-icon", ["bmp"] = "image/bmp", ["tif"] = "image/tiff", ["tiff"] = "image/tiff",
        ["woff"] = "font/woff", ["woff2"] = "font/woff2", ["ttf"] = "font/ttf", ["otf"] = "font/otf", ["eot"] = "application/vnd.ms-fontobject",
        ["wasm"] = "application/wasm", ["pdf"] = "application/pdf", ["zip"] = "application/zip", ["gz"] = "application/gzip",
        ["br"] = Other, ["tar"] = "application/x-tar", ["7z"] = "application/x-7z-compressed",
        ["mp3"] = "audio/mpeg", ["m4a"] = "audio/mp4", ["ogg"] = "audio/ogg", ["opus"] = "audio/ogg", ["wav"] = "audio/wav", ["flac"] = "audio/flac",
        ["mp4"] = "video/mp4", ["m4v"] = "video/mp4", ["webm"] = "video/webm", ["mov"] = "video/quicktime", ["mpeg"] = "video/mpeg",
        ["m3u8"] = "application/vnd.apple.mpegurl", ["ts"] = "video/mp2t", ["vtt"] = "text/vtt; charset=utf-8",
        ["ics"] = "text/calendar; charset=utf-8", ["yaml"] = "application/yaml", ["yml"] = "application/yaml", ["toml"] = "application/toml",
    };

    private readonly Dictionary<string, string> _types = new(Known, StringComparer.OrdinalIgnoreCase);

    /// <exception cref="ArgumentException">A value is no field value.</exception>
    public MediaTypeTable(IReadOnlyDictionary<string, string> more)
    {
        foreach (var (extension, type) in more)
        {
            if (!type.Contains('/', StringComparison.Ordinal) || !HeaderName.IsValue(Encoding.UTF8.GetBytes(type)))
            {
                throw new ArgumentException($"types.{extension}: '{type}' is no media type", nameof(more));
            }

            _types[extension.TrimStart('.')] = type;
        }
    }

    /// <summary>The type of a file by its name.</summary>
    public string Of(string path) => _types.GetValueOrDefault(Path.GetExtension(path).TrimStart('.'), Other);
}
