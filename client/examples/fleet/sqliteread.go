package main

import (
	"context"
	"database/sql"
	"errors"
	"maps"
	"net/url"
	"os"
	"path/filepath"

	"github.com/ncruces/go-sqlite3/vfs"
)

// reading are the parameters of a connection that reads.
var reading = url.Values{
	"mode":    {"ro"},
	"vfs":     {readersVFS},
	"_txlock": {"deferred"},
	"_pragma": {"busy_timeout(30000)"},
}

// openToRead opens a file where it is, even if nothing can be written there. SQLite shares the index of the write-ahead
// log with other processes in a file, -shm. If there is none and none can be created, no other process uses the
// database.
func openToRead(ctx context.Context, path string) (*sql.DB, error) {
	path, err := filepath.EvalSymlinks(path) // the other files are beside the file itself
	if err != nil {
		return nil, err
	}
	db, err := connectSQLite(ctx, path, reading)
	if err == nil || exists(path+"-shm") {
		return db, err
	}
	alone := maps.Clone(reading)
	if exists(path + "-wal") {
		alone.Add("_pragma", "locking_mode(exclusive)") // the index is in memory
		alone.Set("alone", "1")
	} else {
		alone.Set("immutable", "1")
	}
	if db, aloneErr := connectSQLite(ctx, path, alone); aloneErr == nil {
		return db, nil
	}
	return nil, err
}

func exists(path string) bool {
	_, err := os.Stat(path) //nolint:gosec // the path is the user's own
	return !errors.Is(err, os.ErrNotExist)
}

// readers is the file system of a process that only reads. SQLite itself would open the write-ahead log to write to it.
type readers struct{ vfs.VFSFilename }

const readersVFS = "fleet-readers"

func init() {
	if files, ok := vfs.Find("os").(vfs.VFSFilename); ok { // it is one
		vfs.Register(readersVFS, readers{files})
	}
}

func (r readers) OpenFilename(name *vfs.Filename, flags vfs.OpenFlag) (vfs.File, vfs.OpenFlag, error) {
	first := flags
	if flags&vfs.OPEN_WAL != 0 {
		first = flags&^(vfs.OPEN_READWRITE|vfs.OPEN_CREATE) | vfs.OPEN_READONLY
	}
	file, got, err := r.VFSFilename.OpenFilename(name, first)
	if err != nil && first != flags {
		file, got, err = r.VFSFilename.OpenFilename(name, flags) // there is no log: an empty one
	}
	if err == nil && name.URIParameter("alone") == "1" {
		file = unlocked{file}
	}
	return file, got, err
}

// unlocked is a file that only this process uses.
type unlocked struct{ vfs.File }

func (unlocked) Lock(vfs.LockLevel) error         { return nil }
func (unlocked) Unlock(vfs.LockLevel) error       { return nil }
func (unlocked) CheckReservedLock() (bool, error) { return false, nil }
