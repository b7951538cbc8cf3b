using System.Globalization;
using System.Text;
using FilterProxy.Core.Config.Binding;
using FilterProxy.Core.Config.Checks;
using FilterProxy.Core.Config.Tree;

namespace FilterProxy.Core.Config;

/// <summary>
/// Reads a configuration file: text to tree to records to checks. Never throws for what a file may hold; everything that is wrong is
/// reported at once. Components' options are left for the registry to bind.
/// </summary>
internal static class ConfigLoader
{
    private const long LargestFile = 4 << 20;

    /// <summary>Reads a file; there is a configuration exactly when there are no errors.</summary>
    public static (ProxyConfig? Config, ConfigErrors Errors) Load(string path)
    {
        var errors = new ConfigErrors();
        var config = ReadTree(path, errors) is { } root ? Bind(root, errors) : null;
        var file = Path.GetFullPath(path);
        return (config is null ? null : config with { FindFiles = () => [file] }, errors);
    }

    /// <summary>As <see cref="Load"/>, from text; <paramref name="file"/> is what messages call it.</summary>
    public static (ProxyConfig? Config, ConfigErrors Errors) Parse(string text, string file, Func<string, string?> environment)
    {
        var errors = new ConfigErrors();
        return ReadTree(text, file, environment, errors) is { } root ? (Bind(root, errors), errors) : (null, errors);
    }

    /// <summary>The tree of a file, for those who lay others over it; null when there is none to go on with.</summary>
    public static ConfigMapping? ReadTree(string path, ConfigErrors errors) =>
        ReadText(path, errors) is { } text ? ReadTree(text, path, Environment.GetEnvironmentVariable, errors) : null;

    /// <summary>The configuration of a tree, wherever the tree is from; null when there are errors, then or before.</summary>
    public static ProxyConfig? Bind(ConfigMapping root, ConfigErrors errors)
    {
        var places = new BindingPlaces();
        var binder = new ConfigBinder(errors, places);
        if (binder.Bind(ListenerInheritance.Apply(root), typeof(ProxyConfig), "", out _) is not ProxyConfig config)
        {
            return null;
        }

        ConfigChecks.Run(new CheckContext(config, places, errors));
        return errors.IsEmpty ? RouteNames.Complete(config) with { Places = places } : null;
    }

    private static ConfigMapping? ReadTree(string text, string file, Func<string, string?> environment, ConfigErrors errors)
    {
        if (YamlTreeReader.Read(text, file, environment, errors) is not { } tree)
        {
            return null;
        }

        if (tree is not ConfigMapping root)
        {
            if (tree is ConfigScalar { IsNull: true })
            {
                errors.Add(new SourceLocation(file, 1, 1), "the configuration is empty");
            }
            else
            {
                errors.Add(tree.Location, $"expected a mapping, got {tree.Description}");
            }

            return null;
        }

        return root;
    }

    private static string? ReadText(string path, ConfigErrors errors)
    {
        var place = new SourceLocation(path, 0, 0);
        byte[] bytes;
        try
        {
            using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            if (stream.Length > LargestFile)
            {
                errors.Add(place, string.Create(CultureInfo.InvariantCulture, $"the file is larger than {new ByteSize(LargestFile)}"));
                return null;
            }

            bytes = new byte[stream.Length];
            bytes = bytes[..stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false)];
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            errors.Add(place, "there is no such file");
            return null;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            errors.Add(place, "the file cannot be read", error.Message);
            return null;
        }

        return Decode(bytes, path, errors);
    }

    private static string? Decode(ReadOnlySpan<byte> bytes, string path, ConfigErrors errors)
    {
        var content = bytes.StartsWith(Encoding.UTF8.Preamble) ? bytes[Encoding.UTF8.Preamble.Length..] : bytes;
        try
        {
            return new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(content);
        }
        catch (DecoderFallbackException error)
        {
            var before = Encoding.UTF8.GetString(content[..error.Index]);
            var location = new SourceLocation(path, before.AsSpan().Count('\n') + 1, before.Length - before.LastIndexOf('\n'));
            errors.Add(location, "this is not UTF-8 text", "save the file as UTF-8");
            return null;
        }
    }
}
