# For scripts/setup-device and scripts/setup-portable, which read it: the archives that packages come
# from here, as lines for a list of apt's own. archive_lines deb-src, or archive_lines deb.
archive_lines() {
    apt-get indextargets --format '$(ORIGIN) $(REPO_URI) $(RELEASE) $(COMPONENT)' \
        'Created-By: Packages' | sort -u | while read -r origin uri release component; do
        case "$origin" in Debian | Ubuntu) ;; *) continue ;; esac
        keys=/usr/share/keyrings/${origin,,}-archive-keyring.gpg
        [ -e "$keys" ] && key="[signed-by=$keys] " || key=''
        printf '%s %s%s %s %s\n' "$1" "$key" "$uri" "$release" "$component"
    done
}

# apt_in FOLDER: sets `own`, the words that make apt-get keep all it does in this folder, which needs no rights.
apt_in() {
    chmod 755 "$1"
    mkdir -p "$1/lists/partial" "$1/archives/partial" "$1/fetched"
    own=(-o "Dir::Etc::SourceList=$1/sources.list" -o Dir::Etc::SourceParts=/dev/null
        -o "Dir::State::Lists=$1/lists" -o "Dir::Cache=$1" -o APT::Sandbox::User=root -qq)
}
