using System.Text;

namespace FilterProxy.Core.Config.Tree;

/// <summary>
/// What is put into scalars from outside: environment variables as <c>${NAME}</c> and <c>${NAME:-default}</c> (also when the variable
/// is empty), files as <c>${file:path}</c> or, for a whole value, <c>file:/path</c>; <c>$${</c> for a plain <c>${</c>. Done after
/// parsing, so that a variable can hold any text but never structure.
/// </summary>
internal static class EnvironmentText
{
    private const string FilePrefix = "file:";
    private const string PlainHint = "write '$${' for a plain '${'";

    /// <summary>Reads the text of a file, or says why not and what to do about it.</summary>
    public delegate bool FileReader(string path, out string text, out string error, out string hint);

    /// <summary>
    /// The text with everything put in. On failure <paramref name="position"/> says where in the text.
    /// </summary>
    public static bool TryExpand(
        string text, Func<string, string?> environment, FileReader files, out Expansion expanded, out int position, out string error, out string hint)
    {
        (expanded, position, error, hint) = (new Expansion(text, false), 0, "", "");

        // One slash: an URL of a file has three.
        if (text.StartsWith("file:/", StringComparison.Ordinal) && !text.StartsWith("file://", StringComparison.Ordinal)
            && !text.Contains("${", StringComparison.Ordinal))
        {
            var read = files(text[FilePrefix.Length..], out var whole, out error, out hint);
            expanded = new Expansion(whole, true);
            return read;
        }

        var result = new StringBuilder(text.Length);
        var (done, hasFile) = (0, false);
        for (var next = Find(text, 0); next >= 0; next = Find(text, done))
        {
            if (next > done && text[next - 1] == '$')
            {
                result.Append(text, done, next - 1 - done).Append("${");
                done = next + 2;
                continue;
            }

            position = next;
            var end = text.IndexOf('}', next);
            if (end < 0)
            {
                (error, hint) = ("'${' is not closed", PlainHint);
                return false;
            }

            var inner = text[(next + 2)..end];
            var isFile = inner.StartsWith(FilePrefix, StringComparison.Ordinal);
            if (isFile
                ? !files(inner[FilePrefix.Length..], out var value, out error, out hint)
                : !TryVariable(inner, environment, out value, out error, out hint))
            {
                return false;
            }

            hasFile |= isFile;
            result.Append(text, done, next - done).Append(value);
            done = end + 1;
        }

        expanded = new Expansion(result.Append(text, done, text.Length - done).ToString(), hasFile);
        return true;
    }

    private static int Find(string text, int start) => text.IndexOf("${", start, StringComparison.Ordinal);

    private static bool TryVariable(string inner, Func<string, string?> environment, out string value, out string error, out string hint)
    {
        (value, error, hint) = ("", "", "");
        var colon = inner.IndexOf(":-", StringComparison.Ordinal);
        var name = colon < 0 ? inner : inner[..colon];
        if (!IsName(name))
        {
            (error, hint) = ($"'{name}' cannot be the name of an environment variable", PlainHint);
            return false;
        }

        var set = environment(name);
        if (colon >= 0 && string.IsNullOrEmpty(set))
        {
            set = inner[(colon + 2)..];
        }

        if (set is null)
        {
            (error, hint) = ($"environment variable '{name}' is not set", $"'${{{name}:-default}}' gives it a default");
            return false;
        }

        value = set;
        return true;
    }

    private static bool IsName(string name) =>
        name.Length > 0 && !char.IsAsciiDigit(name[0]) && name.All(c => char.IsAsciiLetterOrDigit(c) || c == '_');

    /// <summary>A text with everything put in.</summary>
    /// <param name="Text">The result.</param>
    /// <param name="IsSecret">Whether part of it came out of a file.</param>
    internal readonly record struct Expansion(string Text, bool IsSecret);
}
