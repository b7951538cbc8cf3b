using System.Globalization;

namespace FilterProxy.Core.Config;

/// <summary>A place in a configuration file. Lines and columns count from 1; line 0 means the file as a whole.</summary>
internal readonly record struct SourceLocation(string File, int Line, int Column)
{
    /// <summary>The form editors and terminals turn into a link.</summary>
    public override string ToString() => Line == 0 ? File : string.Create(CultureInfo.InvariantCulture, $"{File}:{Line}:{Column}");
}
