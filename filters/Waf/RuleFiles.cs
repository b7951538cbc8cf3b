using System.Security.Cryptography;
using System.Text;
using FilterProxy.Filters.Waf.Language;

namespace FilterProxy.Filters.Waf;

/// <summary>The rule files of one instance: what it reads is watched, and its digest tells whether rules made before are still those.</summary>
internal sealed class RuleFiles(ComponentContext context) : IRuleFiles
{
    private readonly IncrementalHash _digest = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

    /// <summary>The files read, with digests of their own.</summary>
    public Dictionary<string, string> Hashes { get; } = new(StringComparer.Ordinal);

    public string Digest() => Convert.ToHexString(_digest.GetCurrentHash());

    public void Add(string text) => _digest.AppendData(Encoding.UTF8.GetBytes(text));

    /// <inheritdoc/>
    public string Read(string path)
    {
        path = context.UseFile(path);
        var bytes = File.ReadAllBytes(path);
        Hashes[path] = Convert.ToHexString(SHA256.HashData(bytes));
        Add(path);
        _digest.AppendData(bytes);
        return Encoding.Latin1.GetString(bytes);
    }

    /// <inheritdoc/>
    public IReadOnlyList<string> Find(string folder, string pattern)
    {
        folder = context.UseFile(folder.Length == 0 ? "." : folder);
        return Directory.Exists(folder) ? [.. Directory.EnumerateFiles(folder, pattern).Order(StringComparer.Ordinal)] : [];
    }
}
