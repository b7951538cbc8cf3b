using System.Net;
using System.Text;

namespace FilterProxy.Filters.StaticFiles;

/// <summary>A page that shows what is in a folder.</summary>
internal static class DirectoryPage
{
    /// <summary>The page; hidden names are not on it.</summary>
    public static byte[] Of(string folder, string path)
    {
        var title = WebUtility.HtmlEncode(path);
        var page = new StringBuilder($"<!doctype html>\n<meta charset=\"utf-8\">\n<title>{title}</title>\n<h1>{title}</h1>\n<ul>\n");
        if (path != "/")
        {
            page.Append("<li><a href=\"../\">../</a></li>\n");
        }

        foreach (var entry in new DirectoryInfo(folder).EnumerateFileSystemInfos().Where(e => !e.Name.StartsWith('.')).OrderBy(e => e.Name, StringComparer.Ordinal))
        {
            var end = entry is DirectoryInfo ? "/" : "";
            page.Append($"<li><a href=\"./{Uri.EscapeDataString(entry.Name)}{end}\">{WebUtility.HtmlEncode(entry.Name)}{end}</a></li>\n");
        }

        return Encoding.UTF8.GetBytes(page.Append("</ul>\n").ToString());
    }
}
