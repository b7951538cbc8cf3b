namespace FilterProxy.Filters.Text;

/// <summary>Reads files that options name: one that cannot be read is an error of the configuration.</summary>
internal static class OptionFile
{
    /// <exception cref="ArgumentException">It cannot be read; the message says why.</exception>
    public static T Read<T>(string path, Func<string, T> read)
    {
        try
        {
            return read(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ArgumentException($"{path}: {e.Message}", e);
        }
    }
}
