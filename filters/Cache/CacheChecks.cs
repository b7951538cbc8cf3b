using System.Text;

namespace FilterProxy.Filters.Cache;

/// <summary>What the types of the options cannot say.</summary>
internal static class CacheChecks
{
    /// <exception cref="ArgumentException">Lists all that is wrong.</exception>
    public static void Check(CacheOptions options)
    {
        var errors = new List<string>();
        Tokens(errors, "targeted_fields", options.TargetedFields);
        Tokens(errors, "tag_fields", options.TagFields);
        Tokens(errors, "bypass.headers", options.Bypass.Headers);
        Tokens(errors, "bypass.cookies", options.Bypass.Cookies);
        errors.AddRange(options.Bypass.Paths.Where(path => !path.StartsWith('/')).Select(path => $"bypass.paths: '{path}' does not begin with a slash"));
        if (options.StatusName.Length > 0 && (options.StatusName.Length > 64 || !HeaderName.IsToken(Encoding.UTF8.GetBytes(options.StatusName))))
        {
            errors.Add($"status_name: '{options.StatusName}' is no token of at most 64 characters (RFC 9211 §2)");
        }

        if (options.Memory.Bytes < 1024 * 1024)
        {
            errors.Add("memory: at least 1MiB");
        }

        if (options.MaxObject.Bytes > options.Memory.Bytes)
        {
            errors.Add("max_object: more than memory");
        }

        if (errors.Count > 0)
        {
            throw new ArgumentException(string.Join("; ", errors), nameof(options));
        }
    }

    private static void Tokens(List<string> errors, string place, IReadOnlyList<string> names) =>
        errors.AddRange(names.Where(name => !HeaderName.IsToken(Encoding.UTF8.GetBytes(name))).Select(name => $"{place}: '{name}' is no name (RFC 9110 §5.6.2)"));
}
