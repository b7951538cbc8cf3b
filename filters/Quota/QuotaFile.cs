using System.Globalization;
using FilterProxy.Filters.Keys;

namespace FilterProxy.Filters.Quota;

/// <summary>The book on disk: a line for the version and the period, then one for each key. It is replaced as a whole, so a crash leaves the old or the new one.</summary>
internal static class QuotaFile
{
    private const string Magic = "filterproxy-quota 1";

    /// <summary>Reads it into a book that has nothing.</summary>
    /// <exception cref="InvalidDataException">It is not what was written: nobody gets his quota anew because of that.</exception>
    public static void Load(string path, QuotaBook book, int most)
    {
        if (!File.Exists(path))
        {
            return;
        }

        using var reader = new StreamReader(path);
        var head = (reader.ReadLine() ?? "").Split('\t');
        if (head is not [Magic, var start] || !long.TryParse(start, NumberStyles.None, CultureInfo.InvariantCulture, out var period))
        {
            throw new InvalidDataException($"{path} is no file of quotas: remove it to begin anew");
        }

        period = book.PeriodFrom(period);
        var number = 1;
        while (reader.ReadLine() is { } line)
        {
            number++;
            if (line.Split('\t') is not [var name, var used, var shown] || SharedKey.IdOf(name) is not { } id
                || !long.TryParse(used, NumberStyles.None, CultureInfo.InvariantCulture, out var count)
                || book.FindOrAdd(new SharedKey(id, name, shown), period, most) is not { } entry)
            {
                throw new InvalidDataException($"{path}:{number} is no quota, or one more than max_keys: mend or remove it");
            }

            entry.Used = count;
        }
    }

    /// <summary>Writes what counts in a period.</summary>
    public static void Save(string path, QuotaBook book, long period)
    {
        var draft = $"{path}.{Guid.NewGuid():n}.tmp";
        try
        {
            using (var stream = new FileStream(draft, FileMode.CreateNew, FileAccess.Write))
            {
                using (var writer = new StreamWriter(stream, leaveOpen: true))
                {
                    writer.Write(string.Create(CultureInfo.InvariantCulture, $"{Magic}\t{period}\n"));
                    foreach (var entry in book.Entries)
                    {
                        long used;
                        lock (entry)
                        {
                            used = entry.Period == period ? entry.Used : 0;
                        }

                        if (used > 0)
                        {
                            writer.Write(string.Create(CultureInfo.InvariantCulture, $"{entry.Name}\t{used}\t{entry.Shown}\n"));
                        }
                    }
                }

                stream.Flush(flushToDisk: true);
            }

            File.Move(draft, path, overwrite: true);
        }
        finally
        {
            File.Delete(draft);
        }
    }
}
