using System.Security.Cryptography;
using System.Text;

namespace FilterProxy.Core.Components;

/// <summary>
/// The files of a plugin that make up its code, read once: what is checked is what runs, and they may be replaced on disk while it does.
/// </summary>
internal sealed class PluginFiles
{
    private readonly Dictionary<string, byte[]> _contents;

    private PluginFiles(string folder, string main, Dictionary<string, byte[]> contents)
    {
        Folder = folder;
        Main = main;
        _contents = contents;
        Stamps = [.. contents.OrderBy(file => file.Key, StringComparer.Ordinal).Select(file => new FileStamp(file.Key, Convert.ToHexString(SHA256.HashData(file.Value))))];
        Identity = Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\n', Stamps.Select(s => $"{s.Path}\0{s.Hash}")))));
    }

    /// <summary>The plugin's folder, absolute.</summary>
    public string Folder { get; }

    /// <summary>Its main assembly, absolute.</summary>
    public string Main { get; }

    /// <summary>Every file as it was read.</summary>
    public IReadOnlyList<FileStamp> Stamps { get; }

    /// <summary>Another text for another content of any of them.</summary>
    public string Identity { get; }

    /// <summary>SHA-256 of the main assembly, in lower-case hex, as <c>sha256sum</c> prints it.</summary>
    public string MainHash => Stamps.First(stamp => stamp.Path == Main).Hash.ToLowerInvariant();

    /// <exception cref="IOException">One could not be read.</exception>
    public static PluginFiles Read(string folder, string main)
    {
        var contents = new Dictionary<string, byte[]>(StringComparer.Ordinal);
        foreach (var file in Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Where(IsCode))
        {
            contents[file] = File.ReadAllBytes(file);
        }

        return new PluginFiles(folder, main, contents);
    }

    /// <summary>A file's content; null when it is none of the plugin's.</summary>
    public byte[]? Find(string path) => _contents.GetValueOrDefault(path);

    /// <summary>Lets go of a content that was loaded.</summary>
    public void Forget(string path) => _contents.Remove(path);

    /// <summary>Native libraries and what else may be loaded by path: everything but assemblies' descriptions.</summary>
    public IEnumerable<(string RelativePath, byte[] Content)> Natives =>
        _contents.Where(file => IsNative(Path.GetFileName(file.Key))).Select(file => (Path.GetRelativePath(Folder, file.Key), file.Value));

    private static bool IsCode(string path)
    {
        var name = Path.GetFileName(path);
        return name.EndsWith(".dll", StringComparison.OrdinalIgnoreCase) || name.EndsWith(".deps.json", StringComparison.Ordinal) || IsNative(name);
    }

    // As in libfoo.so and libfoo.so.1.2; a .dll may be either.
    private static bool IsNative(string name) =>
        name.EndsWith(".so", StringComparison.Ordinal) || name.Contains(".so.", StringComparison.Ordinal) || name.EndsWith(".dylib", StringComparison.Ordinal);
}
