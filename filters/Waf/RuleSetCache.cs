using System.Collections.Concurrent;
using FilterProxy.Filters.Waf.Engine;
using FilterProxy.Filters.Waf.Language;

namespace FilterProxy.Filters.Waf;

/// <summary>Rule sets in use, by the digest of their files: routes with the same files share one, and a reload that leaves them alone makes none.</summary>
internal sealed class RuleSetCache
{
    private readonly ConcurrentDictionary<string, WeakReference<Entry>> _sets = new(StringComparer.Ordinal);

    /// <param name="book">What the files say.</param>
    /// <param name="files">Where the rest of them is read, e.g. lists of phrases.</param>
    /// <exception cref="SecLangException">A rule cannot be used.</exception>
    public Entry Get(RuleBook book, RuleFiles files)
    {
        var digest = files.Digest();
        var before = files.Hashes.Keys.ToHashSet(StringComparer.Ordinal);
        if (_sets.TryGetValue(digest, out var weak) && weak.TryGetTarget(out var known) && IsCurrent(known, files))
        {
            return known;
        }

        var set = RuleCompiler.Compile(book, files);
        var made = new Entry(set, files.Hashes.Where(file => !before.Contains(file.Key)).ToDictionary());
        _sets[digest] = new WeakReference<Entry>(made);
        return made;
    }

    // Read anew, so that the new instance watches them.
    private static bool IsCurrent(Entry entry, RuleFiles files)
    {
        foreach (var (path, hash) in entry.DataFiles)
        {
            try
            {
                files.Read(path);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                return false;
            }

            if (files.Hashes[path] != hash)
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>A rule set and what it was made from.</summary>
    /// <param name="Set">The rules.</param>
    /// <param name="DataFiles">The files its rules name, and digests of them.</param>
    public sealed record Entry(RuleSet Set, IReadOnlyDictionary<string, string> DataFiles);
}
